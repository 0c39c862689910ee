import type { BenchCase } from '../../../bench/bench-case.ts';
import { packedRows, randomQ4, randomWords } from '../../../bench/random-inputs.ts';
import { destroyTensors, destroyWeights, uploadIntegers, uploadWeights } from '../../../testing/index.ts';
import { unpackMatrix } from '../../quant/index.ts';
import { embed } from './embed.ts';

const VOCABULARY = 32000;
const SHAPES = [
  { tokens: 1, hidden: 2048, quick: true },
  { tokens: 512, hidden: 2048, quick: false },
] as const;

export const embedBenches: readonly BenchCase[] = SHAPES.map(({ tokens, hidden, quick }) => ({
  op: 'embed',
  shape: `q4 ${tokens} of ${VOCABULARY} x ${hidden}`,
  quick,
  work: { bytes: tokens * hidden * (4 + 4.5 / 8), flops: tokens * hidden },
  tolerance: 2e-6,
  prepare(gpu, seed) {
    const packed = randomQ4(VOCABULARY, hidden, seed);
    const tokenIds = randomWords(tokens, seed).map((word) => word % VOCABULARY);
    const weight = uploadWeights(gpu, 'embedding', packed);
    const ids = uploadIntegers(gpu, 'ids', [tokens], tokenIds);
    const y = gpu.createTensor('y', [tokens, hidden], 'f32');
    return {
      record: (list) => embed(list, { weight, ids, y }),
      output: y,
      expected: () => ({ values: Float64Array.from(unpackMatrix(packedRows(packed, tokenIds))) }),
      dispose() {
        destroyWeights(weight);
        destroyTensors(ids, y);
      },
    };
  },
}));
