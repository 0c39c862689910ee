import { ShapeError } from '../../errors.ts';
import type { CommandList } from '../../gpu/command-list.ts';
import { expectDType, expectShape, type Tensor } from '../../tensor/tensor.ts';
import type { WeightMatrix } from '../../tensor/weight-matrix.ts';
import type { FusedNorm } from '../linear/encode-linear.ts';
import type { loraDown } from '../lora-down/lora-down.ts';
import { rmsNorm } from '../rms-norm/rms-norm.ts';
import { maxTiles, moeAlign } from './align/align.ts';
import { chooseMoePath, type MoePath } from './choose-path.ts';
import { moeCombine } from './combine/combine.ts';
import type { ExpertLora } from './expert-weights.ts';
import { expertsDownCombine, expertsGateUp } from './experts-decode/experts-decode.ts';
import { groupedMatmul } from './grouped-matmul/grouped-matmul.ts';
import { chooseGrouped, tunedKernel } from './grouped-matmul/grouped-variant.ts';
import { scratchView, type MoeScratch } from './moe-scratch.ts';

/** Both halves of the adapters on one stack of expert matrices. */
export interface MoeLoraProjection {
  /** `[experts, parts * rank, K]`, f32 or f16; two parts, gate and up, or one. */
  readonly a: Tensor;
  /** `[experts, parts * N, rank]`, f32 or f16. */
  readonly b: Tensor;
  /** `[parts * rank]`, f32: adapter weight times alpha / rank. */
  readonly scales: Tensor;
  /** Joint rank of all adapters; even. */
  readonly rank: number;
}

export interface MoeLora {
  readonly gateUp: MoeLoraProjection;
  readonly down: MoeLoraProjection;
  /** Scratch, f32, any shape: at least tokens * topK * 2 * rank elements for gateUp, half as many for down. */
  readonly products: { readonly gateUp: Tensor; readonly down: Tensor };
  /** That operation, given so that programs without adapters need not contain it. */
  readonly loraDown: typeof loraDown;
}

export interface MoeMlpArgs {
  /** `[tokens, D]`, f32 or f16; f32 with a norm. */
  readonly x: Tensor;
  readonly norm?: FusedNorm;
  /** Gated, `[F, D]` per expert. */
  readonly gateUp: WeightMatrix;
  /** `[D, F]` per expert. */
  readonly down: WeightMatrix;
  /** Topk ids `[tokens, topK]`, u32, from `moeRoute`. */
  readonly experts: Tensor;
  /** Topk weights `[tokens, topK]`, f32, from `moeRoute`. */
  readonly weights: Tensor;
  /** `[tokens, D]`, f32; it may be x itself. */
  readonly y: Tensor;
  /** Adds to what y holds, the residual stream; true by default. */
  readonly accumulate?: boolean;
  /** Tensors shaped by `moeScratch` for at least this many tokens. */
  readonly scratch: MoeScratch;
  readonly lora?: MoeLora;
  /** Instead of what `chooseMoePath` gives; for tests, tuning and benchmarks. */
  readonly path?: MoePath;
}

/**
 * Mixture-of-experts MLP: y += Σ over j of weights[t, j] · down(silu(gate x) · up x) by expert experts[t, j]
 * (specification 5.8, (37)). The choice of experts is read on the GPU only, and the grid depends on the number of tokens
 * alone, so that a recorded list fits every routing.
 *
 * Dispatches (one slice per matrix): 2 on the per-token path, 4 on the grouped one, one more there with a norm, and two
 * more on either with LoRA.
 * @throws ShapeError if shapes or types do not fit.
 */
export function moeMlp(list: CommandList, args: MoeMlpArgs): void {
  const { x, gateUp, down, experts, weights, y } = args;
  const [tokens = 0, hiddenSize = 0] = x.shape;
  const [, topK = 0] = experts.shape;
  expectShape(x, [-1, gateUp.columns], 'x');
  expectShape(experts, [tokens, -1], 'experts');
  expectDType(experts, ['u32'], 'experts');
  expectShape(weights, [tokens, topK], 'weights');
  expectShape(y, [tokens, hiddenSize], 'y');
  if (
    down.experts !== gateUp.experts ||
    down.rows !== gateUp.columns ||
    down.columns !== gateUp.rows ||
    !gateUp.gated ||
    down.gated
  ) {
    throw new ShapeError(
      `down is ${describe(down)}, expected the transposed shape of gateUp, which is ${describe(gateUp)}`,
    );
  }
  const { capabilities, tuning } = list.gpu;
  const path = args.path ?? chooseMoePath({ tokens, topK, experts: gateUp.experts }, capabilities, tuning);
  if (path === 'per-token') perToken(list, args, tokens * topK);
  else grouped(list, args, tokens, topK);
}

function perToken(list: CommandList, args: MoeMlpArgs, slots: number): void {
  const { x, norm, gateUp, down, experts, weights, y, accumulate = true, scratch, lora } = args;
  const hidden = scratchView(scratch.hidden, [slots, gateUp.rows]);
  const input = { x, ...(norm && { norm }) };
  expertsGateUp(list, {
    ...input,
    weight: gateUp,
    experts,
    hidden,
    ...gateUpLora(list, input, experts, lora),
  });
  expertsDownCombine(list, {
    hidden,
    weight: down,
    experts,
    weights,
    y,
    accumulate,
    ...downLora(list, hidden, experts, lora),
  });
}

function grouped(list: CommandList, args: MoeMlpArgs, tokens: number, topK: number): void {
  const { norm, gateUp, down, experts, weights, y, accumulate = true, scratch, lora } = args;
  const slots = tokens * topK;
  const tiled = tunedKernel(list.gpu, gateUp, down) !== undefined;
  const { tileRows } = chooseGrouped({ slots, experts: gateUp.experts }, list.gpu.capabilities, tiled);
  const tiles = maxTiles(slots, gateUp.experts, tileRows);
  const hidden = scratchView(scratch.hidden, [slots, gateUp.rows]);
  const expertOutput = scratchView(scratch.expertOutput, [slots, down.rows]);
  const sortedSlots = scratchView(scratch.sortedSlots, [tiles, tileRows]);
  const tileExperts = scratchView(scratch.tileExperts, [tiles]);
  let { x } = args;
  if (norm) {
    // Down writes this buffer only when gate-up has read it.
    const normed: Tensor = { ...scratch.expertOutput, shape: x.shape, dtype: hidden.dtype };
    rmsNorm(list, { x, weight: norm.weight, epsilon: norm.epsilon, y: normed });
    x = normed;
  }
  moeAlign(list, { experts, numExperts: gateUp.experts, sortedSlots, tileExperts });
  groupedMatmul(list, {
    x,
    slotsPerRow: topK,
    weight: gateUp,
    sortedSlots,
    tileExperts,
    y: hidden,
    ...gateUpLora(list, { x }, experts, lora),
  });
  groupedMatmul(list, {
    x: hidden,
    slotsPerRow: 1,
    weight: down,
    sortedSlots,
    tileExperts,
    y: expertOutput,
    ...downLora(list, hidden, experts, lora),
  });
  moeCombine(list, { expertOutput, weights, y, accumulate });
}

/** Encodes the A half of the adapters on gate and up, and returns the argument for the B half. */
function gateUpLora(
  list: CommandList,
  input: { readonly x: Tensor; readonly norm?: FusedNorm },
  experts: Tensor,
  lora: MoeLora | undefined,
): { lora?: ExpertLora } {
  if (!lora) return {};
  const { a, b, scales, rank } = lora.gateUp;
  const products = scratchView(lora.products.gateUp, [slotCount(experts), 2 * rank]);
  lora.loraDown(list, { ...input, undivided: true, a, scales, products, experts });
  return { lora: { products, b, rank } };
}

/** The same for down, whose input has a row per slot. */
function downLora(
  list: CommandList,
  hidden: Tensor,
  experts: Tensor,
  lora: MoeLora | undefined,
): { lora?: ExpertLora } {
  if (!lora) return {};
  const { a, b, scales, rank } = lora.down;
  const products = scratchView(lora.products.down, [slotCount(experts), rank]);
  lora.loraDown(list, { x: hidden, a, scales, products, experts, rowsAreSlots: true });
  return { lora: { products, b, rank } };
}

function slotCount({ shape: [tokens = 0, topK = 0] }: Tensor): number {
  return tokens * topK;
}

function describe({ experts, rows, columns, gated }: WeightMatrix): string {
  return `${experts} x [${rows}, ${columns}]${gated ? ' gated' : ''}`;
}
