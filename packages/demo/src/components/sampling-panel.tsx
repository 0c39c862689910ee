import { useEffect, useId, useState } from 'preact/hooks';
import {
  changeSetting,
  SAMPLING_FIELDS,
  type SamplingField,
  type SamplingSettings,
} from '../state/sampling.ts';

interface SamplingPanelProps {
  readonly settings: SamplingSettings;
  readonly onChange: (settings: SamplingSettings) => void;
  readonly onReset: () => void;
}

/** How tokens are chosen, behind a disclosure: the checkpoint's own settings are fine for most people. */
export function SamplingPanel({ settings, onChange, onReset }: SamplingPanelProps) {
  // New inputs after a reset: what was typed may be invalid, so that no setting tells of it.
  const [resets, setResets] = useState(0);
  return (
    <details class="panel">
      <summary>
        <h2>Sampling</h2>
      </summary>
      {SAMPLING_FIELDS.map((field) => (
        <SamplingInput key={`${field.key} ${resets}`} field={field} settings={settings} onChange={onChange} />
      ))}
      <button
        type="button"
        class="link-button"
        onClick={() => {
          setResets(resets + 1);
          onReset();
        }}
      >
        Back to the checkpoint’s settings
      </button>
    </details>
  );
}

interface SamplingInputProps {
  readonly field: SamplingField;
  readonly settings: SamplingSettings;
  readonly onChange: (settings: SamplingSettings) => void;
}

function SamplingInput({ field, settings, onChange }: SamplingInputProps) {
  const id = useId();
  const value = String(settings[field.key] ?? '');
  const [text, setText] = useState(value);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    setText(value);
    setProblem('');
  }, [value]);

  const change = (typed: string): void => {
    setText(typed);
    const parsed = changeSetting(settings, field, typed);
    setProblem(parsed.ok ? '' : parsed.problem);
    if (parsed.ok) onChange(parsed.settings);
  };

  return (
    <div class="field">
      <label for={id}>{field.label}</label>
      <input
        id={id}
        type="text"
        inputMode={field.integer ? 'numeric' : 'decimal'}
        autocomplete="off"
        value={text}
        aria-describedby={`${id}-hint`}
        aria-invalid={problem !== ''}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <p id={`${id}-hint`} class={problem ? 'field-problem small' : 'muted small'}>
        {problem || field.hint}
      </p>
    </div>
  );
}
