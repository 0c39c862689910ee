/** How the next token is chosen. */
export interface SamplingSettings {
  /** 0 always takes the likeliest token. */
  readonly temperature: number;
  readonly topP: number;
  /** 0 keeps every token. */
  readonly topK: number;
  readonly maxTokens: number;
  /** Absent: another one for every answer. */
  readonly seed?: number;
}

type Field = keyof SamplingSettings;

export interface SamplingField {
  readonly key: Field;
  readonly label: string;
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly integer: boolean;
}

export const SAMPLING_FIELDS: readonly SamplingField[] = [
  {
    key: 'temperature',
    label: 'Temperature',
    hint: '0 always takes the likeliest token; higher is more varied.',
    min: 0,
    max: 2,
    step: 0.1,
    integer: false,
  },
  {
    key: 'topP',
    label: 'Top-p',
    hint: 'Keeps the likeliest tokens up to this probability; 1 keeps all.',
    min: 0,
    max: 1,
    step: 0.05,
    integer: false,
  },
  {
    key: 'topK',
    label: 'Top-k',
    hint: 'Keeps this many of the likeliest tokens; 0 keeps all.',
    min: 0,
    max: 1000,
    step: 1,
    integer: true,
  },
  {
    key: 'maxTokens',
    label: 'Most tokens',
    hint: 'An answer ends here at the latest.',
    min: 1,
    max: 4096,
    step: 1,
    integer: true,
  },
  {
    key: 'seed',
    label: 'Seed',
    hint: 'The same seed gives the same answer; empty takes a new one each time.',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    step: 1,
    integer: true,
  },
];

/** What a person typed, checked. */
export type ParsedField =
  | { readonly ok: true; readonly settings: SamplingSettings }
  | { readonly ok: false; readonly problem: string };

/** Changes one setting to a typed text. Only the seed may be empty. */
export function changeSetting(settings: SamplingSettings, field: SamplingField, text: string): ParsedField {
  const trimmed = text.trim();
  if (trimmed === '' && field.key === 'seed') {
    const { seed: _, ...rest } = settings;
    return { ok: true, settings: rest };
  }
  const value = Number(trimmed);
  const inRange = trimmed !== '' && value >= field.min && value <= field.max;
  if (!inRange || (field.integer && !Number.isInteger(value))) {
    const kind = field.integer ? 'a whole number' : 'a number';
    const range =
      field.max === Number.MAX_SAFE_INTEGER ? `of ${field.min} or more` : `from ${field.min} to ${field.max}`;
    return { ok: false, problem: `Give ${kind} ${range}.` };
  }
  // Top-p 0 would keep no token at all.
  if (field.key === 'topP' && value === 0) return { ok: false, problem: 'Give a number above 0, up to 1.' };
  return { ok: true, settings: { ...settings, [field.key]: value } };
}
