import { useId, useRef } from 'preact/hooks';
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
        Small additions to the weights that change how the model answers, from the next answer on. 100&nbsp;%
        is as trained.
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

function AdapterRow({ adapter: { name, weight, description }, onChange }: AdapterRowProps) {
  const id = useId();
  const isOn = weight !== 0;
  // Switched on again, it is as strong as it was.
  const strength = useRef(1);
  if (isOn) strength.current = weight;
  return (
    <div class="adapter">
      <label class="adapter-name">
        <input
          type="checkbox"
          checked={isOn}
          aria-describedby={description === undefined ? undefined : `${id}-description`}
          onChange={(event) => onChange(event.currentTarget.checked ? strength.current : 0)}
        />
        <span class="wrap">{name}</span>
      </label>
      <output class={isOn ? 'numbers' : 'muted'} for={id}>
        {isOn ? formatPercent(weight) : 'off'}
      </output>
      {description !== undefined && (
        <p id={`${id}-description`} class="adapter-description muted small wrap">
          {description}
        </p>
      )}
      <input
        id={id}
        type="range"
        min={0.1}
        max={1.5}
        step={0.05}
        disabled={!isOn}
        value={strength.current}
        aria-label={`Strength of ${name}`}
        aria-valuetext={formatPercent(strength.current)}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}
