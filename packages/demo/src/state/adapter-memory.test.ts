import { expect, it } from 'vitest';
import { adapterMemory } from './adapter-memory.ts';

const ADAPTERS = [
  { name: 'german', weight: 0, description: 'Answers in German.' },
  { name: 'one-word', weight: 0 },
];

function mapStorage() {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: (key: string) => entries.get(key) ?? null,
    setItem: (key: string, value: string) => void entries.set(key, value),
  };
}

it('brings choices back for the same address only, and only for adapters that are still there', () => {
  const storage = mapStorage();
  const memory = adapterMemory(() => storage);
  memory.keep('https://host.test/a/', [
    { name: 'german', weight: 0.5 },
    { name: 'gone', weight: 1 },
  ]);
  expect(memory.recall('https://host.test/a/', ADAPTERS)).toEqual([
    { ...ADAPTERS[0], weight: 0.5 },
    ADAPTERS[1],
  ]);
  expect(memory.recall('https://host.test/b/', ADAPTERS)).toEqual(ADAPTERS);
});

it('does not remember folders', () => {
  const storage = mapStorage();
  const memory = adapterMemory(() => storage);
  memory.keep([], [{ name: 'german', weight: 1 }]);
  expect(storage.entries.size).toBe(0);
  expect(memory.recall([], ADAPTERS)).toEqual(ADAPTERS);
});

it('does without a storage, and with one that holds something else', () => {
  const none = adapterMemory(() => {
    throw new Error('storage is switched off');
  });
  none.keep('a', ADAPTERS);
  expect(none.recall('a', ADAPTERS)).toEqual(ADAPTERS);
  for (const text of ['[', 'null', '3', '{"german":"much"}']) {
    const storage = { ...mapStorage(), getItem: () => text };
    expect(adapterMemory(() => storage).recall('a', ADAPTERS)).toEqual(ADAPTERS);
  }
});
