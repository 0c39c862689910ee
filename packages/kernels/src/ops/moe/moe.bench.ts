import type { BenchCase } from '../../../bench/bench-case.ts';
import { randomFloats, randomQ4, rowsOf, spread } from '../../../bench/random-inputs.ts';
import { withTuning } from '../../../bench/with-tuning.ts';
import { destroyTensors, destroyWeights, uploadFloats, uploadWeights } from '../../../testing/index.ts';
import { unpackMatrix, type PackedMatrix } from '../../quant/index.ts';
import { packedGrouped } from '../linear/packed/packed.ts';
import type { MoePath } from './choose-path.ts';
import { moeOracle } from './moe.oracle.ts';
import { moeScratch } from './moe-scratch.ts';
import { moeMlp } from './moe.ts';
import { routeLogitsOracle, topKOracle } from './route/route.oracle.ts';
import { moeRoute } from './route/route.ts';

interface MoeShape {
  readonly tokens: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly quick?: boolean;
  /** Instead of the chosen path, to find the crossover. */
  readonly path?: MoePath;
  /** By packed dot products of activations in 8 bits, as a tuning pass may choose. */
  readonly isRounded?: boolean;
}

const EXPERTS = 4;
const TOP_K = 2;
const SMALL = { hidden: 512, intermediate: 1376 };
const LARGE = { hidden: 2048, intermediate: 5504 };

const SHAPES: readonly MoeShape[] = [
  { tokens: 1, ...SMALL, quick: true },
  { tokens: 1, ...LARGE },
  { tokens: 8, ...SMALL, quick: true },
  { tokens: 64, ...SMALL },
  { tokens: 64, ...LARGE },
  { tokens: 512, ...SMALL },
  { tokens: 512, ...LARGE },
  { tokens: 64, ...SMALL, isRounded: true },
  { tokens: 64, ...LARGE, isRounded: true },
  { tokens: 512, ...SMALL, isRounded: true },
  { tokens: 512, ...LARGE, isRounded: true },
];

/** Both paths at the same sizes: where the lines cross, `chooseMoePath` must switch. */
const CROSSOVER: readonly MoeShape[] = [2, 4, 8, 16, 32, 64].flatMap((tokens) =>
  (['per-token', 'grouped'] as const).map((path) => ({ tokens, ...SMALL, path })),
);

/** Router, choice of experts and MLP: three dispatches for one token. */
export const moeBenches: readonly BenchCase[] = [...SHAPES, ...CROSSOVER].map(moeBench);

function moeBench(mlp: MoeShape): BenchCase {
  const { tokens, hidden, intermediate, quick = false, path, isRounded = false } = mlp;
  const expertBytes = 3 * hidden * intermediate * (4.5 / 8);
  const usedExperts = Math.min(EXPERTS, tokens * TOP_K);
  return {
    op: 'moe',
    shape: `${tokens} x ${hidden}/${intermediate}, ${TOP_K} of ${EXPERTS}${path ? `, ${path}` : ''}${isRounded ? ', 8-bit activations' : ''}`,
    quick,
    isRounded,
    work: {
      bytes: usedExperts * expertBytes + 4 * tokens * 2 * hidden,
      flops: 6 * tokens * TOP_K * hidden * intermediate,
    },
    tolerance: 6e-6,
    ...(path ? { plot: { name: 'rows per expert', series: path, x: (tokens * TOP_K) / EXPERTS } } : {}),
    prepare(gpu, seed) {
      const matrices = (rows: number, columns: number, part: number): PackedMatrix[] =>
        Array.from({ length: EXPERTS }, (_, expert) =>
          randomQ4(rows, columns, seed * 100 + part * 10 + expert),
        );
      const gate = matrices(intermediate, hidden, 0);
      const up = matrices(intermediate, hidden, 1);
      const down = matrices(hidden, intermediate, 2);
      const inputs = randomFloats(tokens * hidden, seed);
      const routerValues = randomFloats(EXPERTS * hidden, seed + 1, 0.1);
      const logitValues = routeLogitsOracle({ x: inputs, router: routerValues, hidden });
      const x = uploadFloats(gpu, 'x', [tokens, hidden], inputs);
      const router = uploadFloats(gpu, 'router', [EXPERTS, hidden], routerValues);
      const peerLogits = uploadFloats(gpu, 'peer logits', [tokens, EXPERTS], Float32Array.from(logitValues));
      const logits = gpu.createTensor('logits', [tokens, EXPERTS], 'f32');
      const experts = gpu.createTensor('experts', [tokens, TOP_K], 'u32');
      const weights = gpu.createTensor('weights', [tokens, TOP_K], 'f32');
      const y = gpu.createTensor('y', [tokens, hidden], 'f32');
      const gateUpWeight = uploadWeights(
        gpu,
        'gate up',
        gate.flatMap((matrix, expert) => [matrix, up[expert]!]),
        { gated: true },
      );
      const downWeight = uploadWeights(gpu, 'down', down);
      const spec = moeScratch({
        tokens,
        hiddenSize: hidden,
        intermediateSize: intermediate,
        experts: EXPERTS,
        topK: TOP_K,
        activationType: 'f32',
      });
      const allocate = ({ shape, dtype }: (typeof spec)['hidden']) =>
        gpu.createTensor('scratch', shape, dtype);
      const scratch = {
        hidden: allocate(spec.hidden),
        expertOutput: allocate(spec.expertOutput),
        sortedSlots: allocate(spec.sortedSlots),
        tileExperts: allocate(spec.tileExperts),
      };
      return {
        record(list) {
          moeRoute(list, { x, router, topK: TOP_K, logits, experts, weights });
          const encodeMlp = () =>
            moeMlp(list, {
              x,
              gateUp: gateUpWeight,
              down: downWeight,
              experts,
              weights,
              y,
              accumulate: false,
              scratch,
              ...(path ? { path } : {}),
            });
          withTuning(gpu, isRounded ? { grouped: packedGrouped } : {}, encodeMlp);
        },
        output: y,
        expected() {
          const sample = spread(tokens, hidden > 1024 ? 2 : 6);
          const chosen = topKOracle(logitRows(logitValues, sample), EXPERTS, TOP_K);
          // Unpacked experts take eight times their bytes, so only those that the sample uses are.
          const used = [...new Set(chosen.experts)];
          const indices = new Uint32Array(sample.length * hidden);
          sample.forEach((token, i) => {
            for (let h = 0; h < hidden; h++) indices[i * hidden + h] = token * hidden + h;
          });
          return {
            indices,
            values: moeOracle({
              x: rowsOf(inputs, hidden, sample),
              hidden,
              experts: chosen.experts.map((expert) => used.indexOf(expert)),
              weights: chosen.weights,
              topK: TOP_K,
              gateUp: used.flatMap((expert) => [unpackMatrix(gate[expert]!), unpackMatrix(up[expert]!)]),
              down: used.map((expert) => unpackMatrix(down[expert]!)),
            }),
          };
        },
        operands: { kind: 'moe', x, logits: peerLogits, topK: TOP_K, gate, up, down },
        dispose() {
          destroyWeights(gateUpWeight);
          destroyWeights(downWeight);
          destroyTensors(x, router, peerLogits, logits, experts, weights, y, ...Object.values(scratch));
        },
      };
    },
  };
}

function logitRows(logits: Float64Array, tokens: Uint32Array): Float64Array {
  const rows = new Float64Array(tokens.length * EXPERTS);
  tokens.forEach((token, i) =>
    rows.set(logits.subarray(token * EXPERTS, (token + 1) * EXPERTS), i * EXPERTS),
  );
  return rows;
}
