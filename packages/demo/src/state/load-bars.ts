import { formatBytes, formatPercent } from './format.ts';
import type { LoadEvent } from './session-types.ts';

export interface LoadBar {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly file: string;
  readonly fromCache: boolean;
}

/** The latest of each phase. Download and load run side by side, so each keeps its own bar. */
export type LoadBars = Readonly<Partial<Record<LoadEvent['phase'], LoadBar>>>;

export function addLoadEvent(bars: LoadBars, { phase, ...bar }: LoadEvent): LoadBars {
  return { ...bars, [phase]: bar };
}

export interface BarView {
  readonly label: string;
  /** 0 to 1. */
  readonly share: number;
  /** `12.3 MB of 48.0 MB, 26 %`. */
  readonly amount: string;
  readonly file: string;
}

/**
 * The two bars of a load; a phase that has not begun is an empty bar.
 * @param isLocal whether the checkpoint is a folder of this device.
 */
export function viewBars(bars: LoadBars, isLocal: boolean): readonly BarView[] {
  const stored = bars.download?.fromCache === true;
  const remote = stored ? 'Reading from this browser’s storage' : 'Downloading';
  return [
    viewBar(isLocal ? 'Reading the folder' : remote, bars.download),
    viewBar('Loading onto the GPU', bars.load),
  ];
}

function viewBar(label: string, bar: LoadBar | undefined): BarView {
  if (!bar || bar.totalBytes === 0) return { label, share: 0, amount: 'waiting', file: '' };
  const share = Math.min(1, bar.bytes / bar.totalBytes);
  const amount = `${formatBytes(bar.bytes)} of ${formatBytes(bar.totalBytes)}, ${formatPercent(share)}`;
  return { label, share, amount, file: bar.file };
}

/** A download that goes on after the model is ready, in words; undefined when there is none. */
export function describeDownload({ download }: LoadBars): string | undefined {
  if (!download || download.bytes >= download.totalBytes) return undefined;
  return `Loading ${download.file}: ${viewBar('', download).amount}`;
}

/** What the load is doing, in a few words that change seldom enough to be read aloud. */
export function describePhase(bars: LoadBars, isLocal: boolean): string {
  if (bars.load && bars.load.bytes >= bars.load.totalBytes) return 'Preparing the GPU';
  if (bars.download) {
    return isLocal || bars.download.fromCache ? 'Reading the checkpoint' : 'Downloading the checkpoint';
  }
  return 'Looking at the checkpoint';
}
