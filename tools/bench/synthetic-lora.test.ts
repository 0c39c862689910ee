import { parseSafetensors } from '@uni-moe-web/runtime/inspect';
import { expect, test } from 'vitest';
import { activeBytes, benchModels, cacheBytes } from './model-shapes.ts';
import { syntheticLora } from './synthetic-lora.ts';

const tiny = benchModels.find(({ name }) => name === 'tiny')!.decoder;

test('adapters cover every projection with matrices of the right shape', () => {
  const files = syntheticLora(tiny, 'default', 8);
  const tensors = parseSafetensors(
    'adapter',
    files['adapters/default/adapter_model.safetensors'] as Uint8Array<ArrayBuffer>,
  );
  expect(tensors.size).toBe(2 * 4 * (4 + 3 * 4));
  const down = 'base_model.model.model.layers.3.mlp.experts.2.down_proj';
  expect(tensors.get(`${down}.lora_A.weight`)?.shape).toEqual([8, 1376]);
  expect(tensors.get(`${down}.lora_B.weight`)?.shape).toEqual([512, 8]);
  expect(new TextDecoder().decode(files['adapters/default/adapter_config.json'])).toContain(
    '"lora_alpha":16',
  );
});

test('bytes of a step: weights of the chosen experts, and keys and values that grow with the context', () => {
  const perLayer = 4 * 512 * 512 + 2 * 3 * 512 * 1376;
  expect(activeBytes(tiny)).toBe((4 * perLayer + 4096 * 512) * 0.5625 + 4 * 4 * 512 * 6);
  expect(cacheBytes(tiny, 100, 2)).toBe(2 * 4 * 8 * 100 * 64 * 2);
});
