import { htmlTables } from '../report/html-tables.ts';
import { escapeXml } from '../report/axes.ts';
import { expertPicture } from './expert-picture.ts';
import { markdownReport, wrongAnswers } from './markdown.ts';
import type { EvaluationReport } from './report.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; font-size: 13px; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 14px 3px 0; text-align: left; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
figure { margin: 2rem 0; } svg { width: 100%; height: auto; } li { overflow-wrap: anywhere; }`;

/** The report as one page that needs nothing else: tables, the picture of the experts, the wrong answers. */
export function htmlReport(report: EvaluationReport): string {
  const wrong = wrongAnswers(report).map((line) => `<li>${escapeXml(line)}</li>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(`${report.set.name} on ${report.checkpoint.name}`)}</title>
<style>${STYLE}</style>
${htmlTables(markdownReport(report))}
<figure>${expertPicture(report)}</figure>
${wrong.length > 0 ? `<h2>Wrong answers</h2>\n<ul>\n${wrong.join('\n')}\n</ul>` : ''}
</html>
`;
}
