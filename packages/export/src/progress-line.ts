import type { ExportPhase, ExportProgress } from './export-checkpoint.ts';

const LABELS: Readonly<Record<ExportPhase, string>> = {
  towers: 'building towers',
  weights: 'converting weights',
  manifest: 'hashing files',
  'verify-weights': 'comparing weights',
  'verify-files': 'checking files',
};

/** On a terminal one line that is rewritten; elsewhere one line per tenth of a phase. */
export function progressPrinter(stream: NodeJS.WriteStream): {
  print: (progress: ExportProgress) => void;
  end: () => void;
} {
  let last = '';
  let open = false;
  const print = ({ phase, done, total, item }: ExportProgress): void => {
    const step = stream.isTTY ? 1 : 10;
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total / step) * step;
    const key = `${phase} ${percent}`;
    if (key === last) return;
    last = key;
    const line = `${LABELS[phase]} ${percent} %`;
    if (!stream.isTTY) {
      stream.write(`${line}\n`);
      return;
    }
    const text = `${line}  ${item}`.slice(0, Math.max(20, stream.columns - 1));
    stream.write(`\r\u001b[2K${text}`);
    open = true;
  };
  const end = (): void => {
    if (open) stream.write('\r\u001b[2K');
    open = false;
  };
  return { print, end };
}
