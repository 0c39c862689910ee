import { escapeXml } from './axes.ts';

/** Headings, paragraphs and tables of our own Markdown reports as HTML. */
export function htmlTables(markdown: string): string {
  const output: string[] = [];
  let rows: string[][] = [];
  const flush = (): void => {
    const [head, , ...body] = rows;
    if (head) output.push(table(head, body));
    rows = [];
  };
  for (const line of markdown.split('\n')) {
    if (line.startsWith('| ')) {
      rows.push(line.slice(2, -2).split(' | '));
      continue;
    }
    flush();
    const [, marks, heading] = /^(#+) (.*)$/.exec(line) ?? [];
    if (marks && heading) output.push(`<h${marks.length}>${escapeXml(heading)}</h${marks.length}>`);
    else if (line.trim() !== '') output.push(`<p>${escapeXml(line)}</p>`);
  }
  flush();
  return output.join('\n');
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: 'th' | 'td'): string =>
    row.map((cell) => `<${tag}>${escapeXml(cell)}</${tag}>`).join('');
  return `<table><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${body.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')}</tbody></table>`;
}
