import type { BenchCase } from '../../../bench/bench-case.ts';
import { randomFloats } from '../../../bench/random-inputs.ts';
import { destroyTensors, uploadFloats } from '../../../testing/index.ts';
import { meanOracle } from './mean.oracle.ts';
import { mean } from './mean.ts';

const FRAMES = 8;
const PATCHES = 576;
const HIDDEN = 1024;
const COUNT = PATCHES * HIDDEN;

/** Frames of a video become one block of embeddings. */
export const meanBenches: readonly BenchCase[] = [
  {
    op: 'mean',
    shape: `${FRAMES} x ${PATCHES} x ${HIDDEN}`,
    quick: false,
    work: { bytes: 4 * COUNT * (FRAMES + 1), flops: COUNT * FRAMES },
    tolerance: 2e-6,
    prepare(gpu, seed) {
      const frames = randomFloats(FRAMES * COUNT, seed);
      const x = uploadFloats(gpu, 'x', [FRAMES, PATCHES, HIDDEN], frames);
      const y = gpu.createTensor('y', [PATCHES, HIDDEN], 'f32');
      return {
        record: (list) => mean(list, { x, y }),
        output: y,
        expected: () => ({ values: meanOracle(frames, FRAMES) }),
        dispose: () => destroyTensors(x, y),
      };
    },
  },
];
