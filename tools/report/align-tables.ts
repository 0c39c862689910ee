/** Pads the cells of every table in a Markdown text to equal widths. */
export function alignTables(text: string): string {
  const output: string[] = [];
  let table: string[][] = [];
  const flush = (): void => {
    const widths = (table[0] ?? []).map((_, column) =>
      Math.max(...table.map((row) => (/^-+$/.test(row[column]!) ? 0 : row[column]!.length))),
    );
    for (const row of table) {
      const cells = row.map((cell, column) =>
        /^-+$/.test(cell) && row.every((other) => other === cell)
          ? '-'.repeat(widths[column]!)
          : cell.padEnd(widths[column]!),
      );
      output.push(cells.join('  ').trimEnd());
    }
    table = [];
  };
  for (const line of text.split('\n')) {
    if (line.startsWith('| ')) {
      table.push(line.slice(2, -2).split(' | '));
      continue;
    }
    flush();
    output.push(line);
  }
  flush();
  return output.join('\n');
}
