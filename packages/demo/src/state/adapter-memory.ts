import type { AdapterWeight, CheckpointPlace } from './session-types.ts';

/** Remembers how somebody set a checkpoint's adapters, until they set them otherwise. */
export interface AdapterMemory {
  /** The adapters with the weights that were chosen for them; those without a choice as they are. */
  recall(place: CheckpointPlace, adapters: readonly AdapterWeight[]): readonly AdapterWeight[];
  keep(place: CheckpointPlace, adapters: readonly AdapterWeight[]): void;
}

const PREFIX = 'adapters ';

/**
 * Keeps choices in a browser's storage by the checkpoint's address; folders have none and are not remembered. A storage
 * that is full, switched off or holds something else is as good as empty.
 */
export function adapterMemory(storage: () => Pick<Storage, 'getItem' | 'setItem'>): AdapterMemory {
  return {
    recall(place, adapters) {
      const chosen = typeof place === 'string' ? readWeights(storage, PREFIX + place) : {};
      return adapters.map((adapter) => {
        const weight = chosen[adapter.name];
        return typeof weight === 'number' && Number.isFinite(weight) ? { ...adapter, weight } : adapter;
      });
    },
    keep(place, adapters) {
      if (typeof place !== 'string') return;
      const weights = Object.fromEntries(adapters.map(({ name, weight }) => [name, weight]));
      try {
        storage().setItem(PREFIX + place, JSON.stringify(weights));
      } catch {
        // Then it is not remembered; switching itself has worked.
      }
    },
  };
}

function readWeights(
  storage: () => Pick<Storage, 'getItem'>,
  key: string,
): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(storage().getItem(key) ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
