import type { CommandList } from '@uni-moe-web/kernels';
import { GREEDY, loadModel, Sampler, type LoadedModel } from '@uni-moe-web/runtime/inspect';
import { CAPACITY } from '../model-shapes.ts';
import type { RunOptions } from '../options.ts';

/** A loaded model with a greedy sampler and its recorded decode step. */
export interface OpenModel extends LoadedModel {
  readonly sampler: Sampler;
  readonly step: CommandList;
}

export async function openModel(url: string, { without }: Pick<RunOptions, 'without'>): Promise<OpenModel> {
  const loaded = await loadModel(url, {
    cache: 'none',
    contextLength: CAPACITY,
    gpu: { without },
  });
  const sampler = new Sampler(loaded.gpu, loaded.decoder.shape.vocabSize);
  sampler.begin(GREEDY, [], new Map());
  const step = loaded.decoder.recordStep((list, tensors) => sampler.record(list, tensors, false));
  return {
    ...loaded,
    sampler,
    step,
    async dispose() {
      step.dispose();
      sampler.dispose();
      await loaded.dispose();
    },
  };
}

/** Bytes of a key's or a value's element in the cache. */
export function cacheElementBytes({ decoder }: OpenModel): number {
  return decoder.cache.layers[0]?.keys.dtype === 'f16' ? 2 : 4;
}

/** Runs a prompt through an empty cache. Resolves when it is submitted. */
export function prefill({ decoder, sampler }: OpenModel, ids: ArrayLike<number>): Promise<void> {
  decoder.cache.truncate(0);
  return decoder.prefill({ ids: Uint32Array.from(ids), spans: [] }, 0, {
    sampler: (list, step) => sampler.record(list, step, false),
  });
}

/** The id that the last prefill or step has chosen. */
export async function readToken({ decoder, gpu }: OpenModel): Promise<number> {
  return new Uint32Array(await gpu.read(decoder.workspace.token))[0]!;
}

export async function readLogits({ decoder, gpu }: OpenModel): Promise<Float32Array> {
  return new Float32Array(await gpu.read(decoder.workspace.logits));
}

/** Ids of a prompt, other ones for each variant from the first id on, so that nobody can reuse a cached prefix. */
export function promptIds(vocabSize: number, tokens: number, variant: number): number[] {
  const first = 3;
  return Array.from(
    { length: tokens },
    (_, i) => first + ((i * 7919 + variant * 131 + 17) % (vocabSize - first)),
  );
}
