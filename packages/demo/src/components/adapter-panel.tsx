import { useId } from 'preact/hooks';
import { formatPercent } from '../state/format.ts';
import type { Problem } from '../state/problem.ts';
import type { AdapterWeight } from '../state/session-types.ts';
import { ProblemNotice } from './problem-notice.tsx';

interface AdapterPanelProps {
  readonly adapters: readonly AdapterWeight[];
  readonly problem: Problem | undefined;
  readonly onChange: (name: string, weight: number) => void;
}

/** Switches the checkpoint's LoRA adapters on, off or in between. */
export function AdapterPanel({ adapters, problem, onChange }: AdapterPanelProps) {
  if (adapters.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="adapters-title">
      <h2 id="adapters-title">Adapters</h2>
      <p class="muted small">
        LoRA adapters that lie beside the weights; 100&nbsp;% is as trained. A change takes effect with the
        next answer.
      </p>
      {adapters.map((adapter) => (
        <AdapterRow
          key={adapter.name}
          adapter={adapter}
          onChange={(weight) => onChange(adapter.name, weight)}
        />
      ))}
      {problem && <ProblemNotice problem={problem} />}
    </section>
  );
}

interface AdapterRowProps {
  readonly adapter: AdapterWeight;
  readonly onChange: (weight: number) => void;
}

function AdapterRow({ adapter: { name, weight }, onChange }: AdapterRowProps) {
  const id = useId();
  return (
    <div class="adapter">
      <label class="adapter-name">
        <input
          type="checkbox"
          checked={weight !== 0}
          onChange={(event) => onChange(event.currentTarget.checked ? 1 : 0)}
        />
        <span class="wrap">{name}</span>
      </label>
      <output class="numbers" for={id}>
        {formatPercent(weight)}
      </output>
      <input
        id={id}
        type="range"
        min={0}
        max={1.5}
        step={0.05}
        value={weight}
        aria-label={`Weight of ${name}`}
        aria-valuetext={formatPercent(weight)}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}
