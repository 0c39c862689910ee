import { writeFile } from 'node:fs/promises';
import { alignTables } from '../report/align-tables.ts';
import { runCli } from '../run-cli.ts';
import { expertPicture } from './expert-picture.ts';
import { htmlReport } from './html-report.ts';
import { markdownReport, wrongAnswers } from './markdown.ts';
import { parseOptions, USAGE } from './options.ts';
import { evaluate } from './run.ts';

await runCli('evaluate', USAGE, async (args) => {
  const options = parseOptions(args);
  const report = await evaluate(options, (line) => console.error(line));
  console.log(alignTables(markdownReport(report)));
  if (options.listWrong) console.log(wrongAnswers(report).join('\n'));
  const { json, html, svg } = options;
  if (json !== undefined) await writeFile(json, JSON.stringify(report, undefined, 1));
  if (html !== undefined) await writeFile(html, htmlReport(report));
  if (svg !== undefined) await writeFile(svg, expertPicture(report));
});
