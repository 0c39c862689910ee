import type { Tensor, WeightMatrix, WeightSlice } from '@uni-moe-web/kernels';
import { RuntimeError } from '../errors.ts';
import { AlignedWriter } from './aligned-writer.ts';
import type { BufferScope } from './buffer-scope.ts';
import type { DecoderWeightPlan } from './weight-plan.ts';
import type { StackPlan } from './weight-stack.ts';

export interface LayerWeights {
  readonly qkv: WeightMatrix;
  readonly output: WeightMatrix;
  readonly gateUp: WeightMatrix;
  readonly down: WeightMatrix;
  readonly attentionNorm: Tensor;
  readonly mlpNorm: Tensor;
  /** `[E, D]`, mixture layers only. */
  readonly router?: Tensor;
}

/** The decoder's weights on the GPU. The bytes of stored tensors arrive in any order and piece size. */
export class DecoderWeights {
  readonly embedding: WeightMatrix;
  readonly head: WeightMatrix;
  readonly finalNorm: Tensor;
  readonly layers: readonly LayerWeights[];
  readonly #writer: AlignedWriter;
  readonly #targets = new Map<string, { start: number; end: number; buffer: GPUBuffer; target: number }[]>();
  readonly #missing = new Map<string, number>();

  /** Allocates every buffer of a plan; contents arrive through {@link accept}. */
  constructor(scope: BufferScope, plan: DecoderWeightPlan) {
    this.#writer = new AlignedWriter(scope.gpu.device.queue);
    const vectors = new Map<string, Tensor>();
    for (const [name, shape] of plan.vectors) {
      const tensor = scope.createTensor(name, shape, 'f32');
      this.#addTarget(name, 0, tensor.buffer.size, tensor.buffer, 0);
      vectors.set(name, tensor);
    }
    const vector = (name: string): Tensor => vectors.get(name)!;
    const matrix = (stack: StackPlan): WeightMatrix => this.#allocate(scope, stack);

    this.embedding = matrix(plan.embedding);
    this.head = plan.head === plan.embedding ? this.embedding : matrix(plan.head);
    this.finalNorm = vector(plan.finalNorm);
    this.layers = plan.layers.map((layer) => ({
      qkv: matrix(layer.qkv),
      output: matrix(layer.output),
      gateUp: matrix(layer.gateUp),
      down: matrix(layer.down),
      attentionNorm: vector(layer.attentionNorm),
      mlpNorm: vector(layer.mlpNorm),
      ...(layer.router === undefined ? {} : { router: vector(layer.router) }),
    }));
  }

  /** Takes `bytes` of the stored tensor `name` that start at `offset`. Tensors that the decoder does not use are ignored. */
  accept(name: string, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    for (const { start, end, buffer, target } of this.#targets.get(name) ?? []) {
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + bytes.length);
      if (from >= to) continue;
      this.#writer.write(buffer, target + from - start, bytes.subarray(from - offset, to - offset));
      this.#missing.set(name, this.#missing.get(name)! - (to - from));
    }
  }

  /** @throws RuntimeError `weights-incomplete` naming a tensor whose bytes have not all arrived. */
  expectComplete(): void {
    for (const [name, bytes] of this.#missing) {
      if (bytes !== 0) {
        throw new RuntimeError(
          'weights-incomplete',
          `${bytes} bytes of weight ${name} did not arrive; load the checkpoint again.`,
          { name, bytes },
        );
      }
    }
  }

  #allocate(scope: BufferScope, { spec, format, buffers, slices, placements }: StackPlan): WeightMatrix {
    const allocated = buffers.map(({ label, bytes }) => scope.createBuffer(label, bytes));
    for (const [tensor, places] of placements) {
      for (const place of places) {
        this.#addTarget(
          tensor,
          place.sourceStart,
          place.sourceEnd,
          allocated[place.buffer]!,
          place.targetStart,
        );
      }
    }
    const { rows, columns, experts, gated } = spec;
    return {
      format,
      rows,
      columns,
      experts,
      gated,
      slices: slices.map((slice): WeightSlice => ({
        rowStart: slice.rowStart,
        rows: slice.rows,
        quants: allocated[slice.quants]!,
        ...(slice.scales === undefined ? {} : { scales: allocated[slice.scales]! }),
      })),
    };
  }

  #addTarget(name: string, start: number, end: number, buffer: GPUBuffer, target: number): void {
    const targets = this.#targets.get(name) ?? [];
    targets.push({ start, end, buffer, target });
    this.#targets.set(name, targets);
    this.#missing.set(name, (this.#missing.get(name) ?? 0) + end - start);
  }
}
