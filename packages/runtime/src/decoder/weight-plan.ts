import type { WeightDescription } from '../checkpoint/index.ts';
import type { DecoderShape } from './config.ts';
import { findMatrix, mismatch, planStack, type StackPlan, type StackSpec } from './weight-stack.ts';

export interface LayerPlan {
  readonly qkv: StackPlan;
  readonly output: StackPlan;
  readonly gateUp: StackPlan;
  readonly down: StackPlan;
  readonly attentionNorm: string;
  readonly mlpNorm: string;
  /** Router weight of a mixture layer. */
  readonly router?: string;
}

/** Every buffer that the decoder's weights need. */
export interface DecoderWeightPlan {
  readonly embedding: StackPlan;
  /** The same object as `embedding` when the head is tied to it. */
  readonly head: StackPlan;
  readonly layers: readonly LayerPlan[];
  readonly finalNorm: string;
  /** Float32 tensors kept as they are: norms `[D]` and routers `[E, D]`, with their shapes. */
  readonly vectors: ReadonlyMap<string, readonly number[]>;
  readonly bytes: number;
}

/** Groups the checkpoint's matrices as kernels read them and counts their bytes. */
export function planDecoderWeights(
  shape: DecoderShape,
  matrices: ReadonlyMap<string, WeightDescription>,
  maxBindingBytes: number,
): DecoderWeightPlan {
  const { hiddenSize, intermediateSize, numHeads, numKvHeads, headDim, vocabSize } = shape;
  const plan = (spec: StackSpec): StackPlan => planStack(spec, matrices, maxBindingBytes);
  const single = (name: string, rows: number, columns: number): StackPlan =>
    plan({ label: name, rows, columns, experts: 1, gated: false, blocks: [[name]] });

  const vectors = new Map<string, readonly number[]>();
  const vector = (name: string, size: readonly number[]): string => {
    expectVector(name, size, matrices);
    vectors.set(name, size);
    return name;
  };

  const layers = shape.isMoe.map((isMoe, layer): LayerPlan => {
    const prefix = `model.layers.${layer}`;
    const attention = `${prefix}.self_attn`;
    const experts = isMoe
      ? Array.from({ length: shape.numExperts }, (_, expert) => `${prefix}.mlp.experts.${expert}`)
      : [`${prefix}.mlp`];
    return {
      qkv: plan({
        label: `${attention}.qkv`,
        rows: (numHeads + 2 * numKvHeads) * headDim,
        columns: hiddenSize,
        experts: 1,
        gated: false,
        blocks: [['q', 'k', 'v'].map((part) => `${attention}.${part}_proj.weight`)],
      }),
      output: single(`${attention}.o_proj.weight`, hiddenSize, numHeads * headDim),
      gateUp: plan({
        label: `${prefix}.mlp.gate_up`,
        rows: intermediateSize,
        columns: hiddenSize,
        experts: experts.length,
        gated: true,
        blocks: experts.flatMap((expert) => [[`${expert}.gate_proj.weight`], [`${expert}.up_proj.weight`]]),
      }),
      down: plan({
        label: `${prefix}.mlp.down`,
        rows: hiddenSize,
        columns: intermediateSize,
        experts: experts.length,
        gated: false,
        blocks: experts.map((expert) => [`${expert}.down_proj.weight`]),
      }),
      attentionNorm: vector(`${prefix}.input_layernorm.weight`, [hiddenSize]),
      mlpNorm: vector(`${prefix}.post_attention_layernorm.weight`, [hiddenSize]),
      ...(isMoe ? { router: vector(`${prefix}.mlp.gate.weight`, [shape.numExperts, hiddenSize]) } : {}),
    };
  });

  const embedding = single('model.embed_tokens.weight', vocabSize, hiddenSize);
  const head = shape.tiedHead ? embedding : single('lm_head.weight', vocabSize, hiddenSize);
  const finalNorm = vector('model.norm.weight', [hiddenSize]);

  const stacks = new Set([
    embedding,
    head,
    ...layers.flatMap(({ qkv, output, gateUp, down }) => [qkv, output, gateUp, down]),
  ]);
  let bytes = 0;
  for (const { buffers } of stacks) for (const buffer of buffers) bytes += Math.ceil(buffer.bytes / 4) * 4;
  for (const size of vectors.values()) bytes += 4 * size.reduce((product, n) => product * n, 1);
  return { embedding, head, layers, finalNorm, vectors, bytes };
}

function expectVector(
  name: string,
  size: readonly number[],
  matrices: ReadonlyMap<string, WeightDescription>,
): void {
  const { format, rows, columns } = findMatrix(matrices, name);
  const count = size.reduce((product, n) => product * n, 1);
  if (format !== 'f32' || rows * columns !== count) {
    throw mismatch(name, `is ${format} [${rows}, ${columns}]`, `f32 [${size.join(', ')}]`);
  }
}
