import { formatBytes } from '../state/format.ts';
import { describePhase, viewBars, type BarView, type LoadBars } from '../state/load-bars.ts';
import type { MemoryUse } from '../state/session-types.ts';

interface LoadCardProps {
  readonly name: string;
  /** Whether the checkpoint is a folder of this device. */
  readonly isLocal: boolean;
  readonly bars: LoadBars;
  readonly memory: MemoryUse | undefined;
  readonly onCancel: () => void;
}

/** How far the checkpoint is on its way from the network or a folder to the GPU. */
export function LoadCard({ name, isLocal, bars, memory, onCancel }: LoadCardProps) {
  return (
    <section class="card load-card" aria-label="Loading">
      <header class="card-header">
        <div>
          <h2 role="status">{describePhase(bars, isLocal)}</h2>
          <p class="muted wrap">{name}</p>
        </div>
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
      </header>
      {viewBars(bars, isLocal).map((bar) => (
        <ProgressRow key={bar.label} bar={bar} />
      ))}
      <p class="muted small">
        {memory
          ? `Will use ${formatBytes(memory.totalBytes)} of GPU memory. `
          : 'Everything runs on this device. '}
        {!isLocal && 'The download is kept in this browser for the next visit.'}
      </p>
    </section>
  );
}

function ProgressRow({ bar: { label, share, amount, file } }: { readonly bar: BarView }) {
  return (
    <div class="progress-row">
      <div class="progress-label">
        <span>{label}</span>
        <span class="numbers">{amount}</span>
      </div>
      <progress aria-label={label} max={1} value={share} aria-valuetext={amount} />
      <p class="muted small wrap progress-file">{file || '\u00a0'}</p>
    </div>
  );
}
