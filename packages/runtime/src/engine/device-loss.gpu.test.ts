import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { capturingGpu } from '../../testing/capturing-gpu.ts';
import { exportedFixture } from '../../testing/exported-fixture.ts';
import { GpuMeter } from '../../testing/gpu-meter.ts';
import type { ChatCompletion } from '../api/chat-response.ts';
import type { Engine } from './engine.ts';
import { loadEngineModel } from './local-engine.ts';
import { PageEngine } from './page-engine.ts';

const REQUEST = {
  messages: [{ role: 'user' as const, content: 'Write a short poem about the sea.' }],
  temperature: 0.8,
  seed: 11,
  max_tokens: 24,
};

let meter: GpuMeter;
let gpu: ReturnType<typeof capturingGpu>;
let engine: Engine;
let expected: ChatCompletion;
beforeEach(async () => {
  meter = new GpuMeter();
  gpu = capturingGpu();
  const model = await loadEngineModel(await exportedFixture('speech', 'f32'), {
    activationType: 'f32',
    cacheType: 'f32',
    gpu: { gpu },
  });
  engine = new PageEngine(model);
  expected = await engine.chat.completions.create(REQUEST);
});
afterEach(async () => {
  await engine.dispose();
  expect(meter.liveLabels).toEqual([]);
  meter.stop();
});

/** Streams the request and destroys the device whenever as many tokens have come as `losses` says. */
async function streamWithLosses(losses: number[]): Promise<{ ids: number[]; text: string; chunks: number }> {
  const ids: number[] = [];
  let text = '';
  let chunks = 0;
  for await (const { choices } of await engine.chat.completions.create({ ...REQUEST, stream: true })) {
    chunks++;
    ids.push(...choices[0].token_ids);
    text += choices[0].delta.content ?? '';
    if (ids.length === losses[0]) {
      losses.shift();
      gpu.devices.at(-1)!.destroy();
    }
  }
  return { ids, text, chunks };
}

describe('a lost device', () => {
  test('in the middle of an answer is rebuilt, and the reader sees every token once', async () => {
    const { ids, text, chunks } = await streamWithLosses([7]);
    expect(gpu.devices).toHaveLength(2);
    expect(ids).toEqual(expected.choices[0].token_ids);
    expect(text).toBe(expected.choices[0].message.content);
    expect(chunks).toBe(1 + ids.length);
  });

  test('between requests is rebuilt by the next one', async () => {
    gpu.devices[0]!.destroy();
    await gpu.devices[0]!.lost;
    const again = await engine.chat.completions.create(REQUEST);
    expect(again.choices[0].token_ids).toEqual(expected.choices[0].token_ids);
    expect(again.usage.prompt_tokens_details.cached_tokens).toBe(0);
    expect(gpu.devices).toHaveLength(2);
  });

  test('that is lost again during the replay ends the request with device-lost; the next one works', async () => {
    // The second loss comes before the first token that is new to the reader.
    gpu.onDevice = (device, count) => {
      if (count === 2) setTimeout(() => device.destroy(), 100);
    };
    await expect(streamWithLosses([7])).rejects.toMatchObject({
      code: 'device-lost',
      name: 'DeviceLostError',
    });
    const again = await engine.chat.completions.create(REQUEST);
    expect(again.choices[0].token_ids).toEqual(expected.choices[0].token_ids);
    expect(gpu.devices).toHaveLength(3);
  });

  test('that cannot be had again is device-lost, with the reason', async () => {
    gpu.available = false;
    await expect(streamWithLosses([3])).rejects.toMatchObject({
      code: 'device-lost',
      message: expect.stringContaining('no suitable GPU adapter'),
    });
    gpu.available = true;
    const again = await engine.chat.completions.create(REQUEST);
    expect(again.choices[0].token_ids).toEqual(expected.choices[0].token_ids);
  });

  test('does not hide an abort', async () => {
    const abort = new AbortController();
    const chunks = await engine.chat.completions.create(
      { ...REQUEST, stream: true },
      { signal: abort.signal },
    );
    await expect(async () => {
      for await (const { choices } of chunks) {
        if (choices[0].token_ids.length === 0) continue;
        gpu.devices[0]!.destroy();
        abort.abort();
      }
    }).rejects.toMatchObject({ code: 'aborted' });
  });
});
