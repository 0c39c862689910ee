import { expect, it, vi } from 'vitest';
import { ScriptedSession } from '../../testing/scripted-session.ts';
import { adapterMemory } from './adapter-memory.ts';
import { ModelController } from './model-controller.ts';
import type { CheckpointPlace, OpenHooks, Session } from './session-types.ts';

interface Opening extends OpenHooks {
  readonly place: CheckpointPlace;
  readonly succeed: (session: Session) => void;
  readonly fail: (error: Error) => void;
}

const DOWNLOAD = {
  phase: 'download' as const,
  file: 'model-00001-of-00001.safetensors',
  bytes: 3_000_000,
  totalBytes: 12_000_000,
  fromCache: false,
};

function setUp() {
  const openings: Opening[] = [];
  const stored = new Map<string, string>();
  const memory = adapterMemory(() => ({
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => void stored.set(key, value),
  }));
  const model = new ModelController((place, hooks) => {
    return new Promise((succeed, fail) => openings.push({ place, ...hooks, succeed, fail }));
  }, memory);
  const opening = async (index: number): Promise<Opening> => {
    await vi.waitFor(() => expect(openings.length).toBeGreaterThan(index));
    return openings[index]!;
  };
  return { model, opening };
}

it('loads and shows the planned memory and progress', async () => {
  const { model, opening } = setUp();
  const loaded = model.load('https://host.test/a/');
  const first = await opening(0);
  first.onMemory({ weightBytes: 10, cacheBytes: 5, scratchBytes: 1, totalBytes: 16 });
  first.onProgress(DOWNLOAD);
  expect(model.state.get()).toMatchObject({
    status: 'loading',
    bars: { download: { bytes: 3_000_000 } },
    memory: { totalBytes: 16 },
  });
  first.succeed(new ScriptedSession());
  await loaded;
  expect(model.state.get()).toMatchObject({ status: 'ready', adapters: [{ name: 'default' }] });
});

it('tries the same place again after a lost connection', async () => {
  const { model, opening } = setUp();
  const loaded = model.load('https://host.test/a/');
  const first = await opening(0);
  first.onProgress(DOWNLOAD);
  first.fail(
    Object.assign(new Error('connection lost; 3 of 12 MB are kept'), { code: 'checkpoint-network' }),
  );
  await loaded;
  expect(model.state.get()).toMatchObject({
    status: 'failed',
    problem: { code: 'checkpoint-network', detail: 'connection lost; 3 of 12 MB are kept' },
  });
  const again = model.reload();
  const second = await opening(1);
  expect(second.place).toBe('https://host.test/a/');
  second.succeed(new ScriptedSession());
  await again;
  expect(model.state.get().status).toBe('ready');
});

it('shows files that are loaded after the model is ready', async () => {
  const { model, opening } = setUp();
  const loaded = model.load('a');
  const first = await opening(0);
  first.succeed(new ScriptedSession());
  await loaded;
  first.onProgress({ ...DOWNLOAD, file: 'towers/vision.onnx' });
  expect(model.state.get()).toMatchObject({ bars: { download: { file: 'towers/vision.onnx' } } });
});

it('gives the old model back before it opens the next', async () => {
  const { model, opening } = setUp();
  const old = new ScriptedSession();
  const first = model.load('a');
  (await opening(0)).succeed(old);
  await first;
  const second = model.load('b');
  const next = await opening(1);
  expect(old.disposed).toBe(true);
  next.succeed(new ScriptedSession());
  await second;
});

it('hears no more of the old model once the next is loading', async () => {
  const { model, opening } = setUp();
  const first = model.load('a');
  const old = await opening(0);
  old.succeed(new ScriptedSession());
  await first;
  const second = model.load('b');
  const next = await opening(1);
  old.onProgress({ ...DOWNLOAD, file: 'towers/vision.onnx' });
  old.onMemory({ weightBytes: 10, cacheBytes: 5, scratchBytes: 1, totalBytes: 16 });
  expect(model.state.get()).toEqual({ status: 'loading', place: 'b', bars: {} });
  next.succeed(new ScriptedSession());
  await second;
  old.onProgress(DOWNLOAD);
  expect(model.state.get()).toHaveProperty('bars', {});
});

it('takes the last of two loads, whichever ends first', async () => {
  const { model, opening } = setUp();
  const first = model.load('a');
  const slow = await opening(0);
  const second = model.load('b');
  const fast = await opening(1);
  expect(slow.signal.aborted).toBe(true);
  const kept = new ScriptedSession();
  fast.succeed(kept);
  const late = new ScriptedSession();
  slow.succeed(late);
  await Promise.all([first, second]);
  expect(late.disposed).toBe(true);
  expect(model.state.get()).toMatchObject({ status: 'ready', place: 'b' });
  expect(kept.disposed).toBe(false);
});

it('can be cancelled', async () => {
  const { model, opening } = setUp();
  const loaded = model.load('a');
  const first = await opening(0);
  model.cancel();
  expect(first.signal.aborted).toBe(true);
  first.fail(Object.assign(new Error('stopped'), { code: 'aborted' }));
  await loaded;
  expect(model.state.get()).toMatchObject({
    status: 'failed',
    problem: {
      title: 'Loading was cancelled',
      detail: expect.stringContaining('is kept in this browser') as string,
    },
  });
});

it('says nothing of a download when a folder is cancelled', async () => {
  const { model, opening } = setUp();
  const loaded = model.load([new File([], 'config.json')]);
  const first = await opening(0);
  model.cancel();
  first.fail(Object.assign(new Error('stopped'), { code: 'aborted' }));
  await loaded;
  expect(model.state.get()).toMatchObject({ problem: { detail: 'Nothing of the folder was copied.' } });
});

it('changes adapters, and puts a change that failed back and shows why', async () => {
  const { model, opening } = setUp();
  const session = new ScriptedSession();
  const loaded = model.load('a');
  (await opening(0)).succeed(session);
  await loaded;
  await model.setAdapter('default', 0.5);
  expect(session.adapters).toEqual([{ name: 'default', weight: 0.5 }]);
  session.setAdapters = () =>
    Promise.reject(Object.assign(new Error('not a number'), { code: 'invalid-adapter-weight' }));
  await model.setAdapter('default', 0.25);
  expect(model.state.get()).toMatchObject({
    adapters: [{ name: 'default', weight: 0.5 }],
    adapterProblem: { code: 'invalid-adapter-weight' },
  });
});

it('tries a change that failed again, and remembers only what worked', async () => {
  const { model, opening } = setUp();
  const session = new ScriptedSession();
  const loaded = model.load('a');
  (await opening(0)).succeed(session);
  await loaded;
  const tries = vi.spyOn(session, 'setAdapters').mockRejectedValue(new Error('not now'));
  await model.setAdapter('default', 0.25);
  await model.setAdapter('default', 0.25);
  expect(tries).toHaveBeenCalledTimes(2);
  const again = model.reload();
  const next = new ScriptedSession();
  (await opening(1)).succeed(next);
  await again;
  expect(next.adapters).toEqual([{ name: 'default', weight: 1 }]);
});

it('opens a checkpoint with its adapters as they were set before', async () => {
  const { model, opening } = setUp();
  const first = model.load('a');
  (await opening(0)).succeed(new ScriptedSession());
  await first;
  await model.setAdapter('default', 0);
  const again = model.reload();
  const session = new ScriptedSession();
  (await opening(1)).succeed(session);
  await again;
  expect(session.adapters).toEqual([{ name: 'default', weight: 0 }]);
  expect(model.state.get()).toMatchObject({ adapters: [{ name: 'default', weight: 0 }] });
});
