import { expect, it } from 'vitest';
import { addLoadEvent, describeDownload, describePhase, viewBars, type LoadBars } from './load-bars.ts';
import type { LoadEvent } from './session-types.ts';

const MB = 1_000_000;
const event = (phase: LoadEvent['phase'], bytes: number, fromCache = false): LoadEvent => ({
  phase,
  file: 'model-00001-of-00002.safetensors',
  bytes,
  totalBytes: 4 * MB,
  fromCache,
});

function after(...events: LoadEvent[]): LoadBars {
  return events.reduce(addLoadEvent, {});
}

it('keeps a bar for each phase', () => {
  const bars = viewBars(
    after(event('download', MB), event('load', MB / 2), event('download', 2 * MB)),
    false,
  );
  expect(bars).toEqual([
    {
      label: 'Downloading',
      share: 0.5,
      amount: '2.0\u00a0MB of 4.0\u00a0MB, 50\u00a0%',
      file: 'model-00001-of-00002.safetensors',
    },
    {
      label: 'Loading onto the GPU',
      share: 0.125,
      amount: '500\u00a0kB of 4.0\u00a0MB, 13\u00a0%',
      file: 'model-00001-of-00002.safetensors',
    },
  ]);
});

it('starts empty and says where bytes come from', () => {
  expect(viewBars({}, false).map(({ share, amount }) => [share, amount])).toEqual([
    [0, 'waiting'],
    [0, 'waiting'],
  ]);
  const label = (bars: LoadBars, isLocal: boolean) => viewBars(bars, isLocal)[0]!.label;
  expect(label(after(event('download', MB)), false)).toBe('Downloading');
  expect(label(after(event('download', MB, true)), false)).toBe('Reading from this browser’s storage');
  expect(label(after(event('download', MB)), true)).toBe('Reading the folder');
});

it('describes a late download until it is there', () => {
  expect(describeDownload({})).toBeUndefined();
  expect(describeDownload(after(event('download', MB)))).toBe(
    'Loading model-00001-of-00002.safetensors: 1.0\u00a0MB of 4.0\u00a0MB, 25\u00a0%',
  );
  expect(describeDownload(after(event('download', 4 * MB)))).toBeUndefined();
});

it('names the phase', () => {
  expect([
    describePhase({}, false),
    describePhase(after(event('manifest', MB)), false),
    describePhase(after(event('download', MB)), false),
    describePhase(after(event('download', MB, true)), false),
    describePhase(after(event('download', MB)), true),
    describePhase(after(event('download', 4 * MB), event('load', 4 * MB)), false),
  ]).toEqual([
    'Looking at the checkpoint',
    'Looking at the checkpoint',
    'Downloading the checkpoint',
    'Reading the checkpoint',
    'Reading the checkpoint',
    'Preparing the GPU',
  ]);
});
