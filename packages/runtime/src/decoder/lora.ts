import { loraDown, type FloatType, type Gpu, type Tensor } from '@uni-moe-web/kernels';
import { f32ArrayToF16 } from '@uni-moe-web/kernels/quant';
import { RuntimeError } from '../errors.ts';
import type { BufferScope } from './buffer-scope.ts';
import type { DecoderShape } from './config.ts';

/** One peft adapter as stored: per module name the pair A `[r, in]`, B `[out, r]`. */
export interface LoraAdapter {
  readonly name: string;
  readonly rank: number;
  /** alpha / r. */
  readonly scale: number;
  /** What it does, in its maker's words. */
  readonly description?: string | undefined;
  /** Weight after loading; 1 if absent. */
  readonly initialWeight?: number;
  readonly modules: ReadonlyMap<string, { readonly a: Float32Array; readonly b: Float32Array }>;
}

/** An adapter that is on the GPU; a weight of 0 is off. */
export interface LoadedAdapter extends Pick<LoraAdapter, 'name' | 'description' | 'rank'> {
  readonly weight: number;
}

/** A and B of one stacked projection with all adapters concatenated along the rank. */
export interface LoraProjection {
  /** f32 or f16 `[segments x R, K]`, with experts `[experts, segments x R, K]`. */
  readonly a: Tensor;
  /** As `a`; `[N, R]`, with experts `[experts, N, R]`. */
  readonly b: Tensor;
  /** f32 `[segments x R]`: adapter weight x alpha / r, 0 for an adapter that is off. */
  readonly scales: Tensor;
  readonly rank: number;
  readonly segmentEnds: readonly number[];
}

export interface LayerLora {
  readonly qkv: LoraProjection;
  readonly output: LoraProjection;
  readonly gateUp: LoraProjection;
  readonly down: LoraProjection;
}

interface Segment {
  readonly rows: number;
  /** Its module, or one per expert. */
  readonly modules: string | readonly string[];
}

/** R of adapters side by side: the sum of their ranks, made even because kernels read pairs. */
export function jointRank(adapters: readonly Pick<LoraAdapter, 'rank'>[]): number {
  return 2 * Math.ceil(adapters.reduce((sum, { rank }) => sum + rank, 0) / 2);
}

/**
 * All loaded adapters on the GPU. Their matrices are concatenated along the rank once; switching an adapter or changing
 * its weight rewrites a few floats of `scales` (and the routers that have adapters) and compiles nothing.
 */
export class LoraSet {
  /** Here, and not imported by the forward pass, because it belongs to the script that only adapters need. */
  readonly loraDown = loraDown;
  readonly layers: readonly LayerLora[];
  /** R, see {@link jointRank}. */
  readonly rank: number;
  readonly adapters: readonly LoraAdapter[];
  readonly #gpu: Gpu;
  readonly #shape: DecoderShape;
  readonly #weights = new Map<string, number>();
  readonly #scales: readonly Tensor[];
  readonly #buffers: BufferScope;
  readonly #matrixType: FloatType;
  readonly #routers: { readonly target: Tensor; readonly base: Float32Array; readonly module: string }[] = [];

  /** A and B are stored as `matrixType`. */
  constructor(
    buffers: BufferScope,
    shape: DecoderShape,
    adapters: readonly LoraAdapter[],
    matrixType: FloatType,
  ) {
    this.#gpu = buffers.gpu;
    this.#buffers = buffers;
    this.#matrixType = matrixType;
    this.#shape = shape;
    this.adapters = adapters;
    this.rank = jointRank(adapters);
    this.#scales = [1, 2, 3].map((segments) =>
      buffers.createTensor(`lora scales ${segments}`, [segments * this.rank], 'f32'),
    );
    const { hiddenSize, intermediateSize, numHeads, numKvHeads, headDim } = shape;
    const kvRows = numKvHeads * headDim;
    this.layers = shape.isMoe.map((isMoe, layer) => {
      const prefix = `model.layers.${layer}`;
      const attention = (part: string): string => `${prefix}.self_attn.${part}_proj`;
      const mlp = (part: string): string | string[] =>
        isMoe
          ? Array.from({ length: shape.numExperts }, (_, e) => `${prefix}.mlp.experts.${e}.${part}_proj`)
          : `${prefix}.mlp.${part}_proj`;
      return {
        qkv: this.#project(`${prefix} qkv`, hiddenSize, [
          { rows: numHeads * headDim, modules: attention('q') },
          { rows: kvRows, modules: attention('k') },
          { rows: kvRows, modules: attention('v') },
        ]),
        output: this.#project(`${prefix} output`, numHeads * headDim, [
          { rows: hiddenSize, modules: attention('o') },
        ]),
        gateUp: this.#project(`${prefix} gate up`, hiddenSize, [
          { rows: intermediateSize, modules: mlp('gate') },
          { rows: intermediateSize, modules: mlp('up') },
        ]),
        down: this.#project(`${prefix} down`, intermediateSize, [{ rows: hiddenSize, modules: mlp('down') }]),
      };
    });
    this.#expectAllUsed();
    this.setWeights(new Map(adapters.map(({ name, initialWeight = 1 }) => [name, initialWeight])));
  }

  /** The adapters with their weights. */
  list(): LoadedAdapter[] {
    return this.adapters.map(({ name, description, rank }) => {
      return { name, description, rank, weight: this.#weights.get(name)! };
    });
  }

  /** Lets router adapters act on a router: `base` is the weight `[E, D]` without any. */
  bindRouter(module: string, target: Tensor, base: Float32Array): void {
    if (this.adapters.some(({ modules }) => modules.has(module))) {
      this.#routers.push({ target, base, module });
      this.#writeRouters();
    }
  }

  /**
   * Switches adapters. Names that are not mentioned are off.
   * @throws RuntimeError `unknown-adapter` naming the adapter and those there are.
   */
  setWeights(weights: ReadonlyMap<string, number>): void {
    for (const [name, weight] of weights) {
      if (!this.adapters.some((adapter) => adapter.name === name)) {
        const known = this.adapters.map((adapter) => adapter.name);
        throw new RuntimeError(
          'unknown-adapter',
          `There is no adapter "${name}"; this checkpoint has ${known.join(', ') || 'none'}.`,
          { name, known },
        );
      }
      if (!Number.isFinite(weight)) {
        throw new RuntimeError(
          'invalid-adapter-weight',
          `Adapter "${name}" was given weight ${weight}; give a finite number, 0 to switch it off.`,
          { name },
        );
      }
    }
    this.#weights.clear();
    const scales = new Float32Array(this.rank);
    let first = 0;
    for (const { name, rank, scale } of this.adapters) {
      const weight = weights.get(name) ?? 0;
      this.#weights.set(name, weight);
      scales.fill(weight * scale, first, (first += rank));
    }
    this.#scales.forEach((tensor, i) => {
      this.#gpu.write(
        tensor,
        Float32Array.from({ length: (i + 1) * this.rank }, (_, r) => scales[r % this.rank]!),
      );
    });
    this.#writeRouters();
  }

  #writeRouters(): void {
    for (const { target, base, module } of this.#routers) {
      const merged = base.slice();
      for (const { name, rank, scale, modules } of this.adapters) {
        const factor = (this.#weights.get(name) ?? 0) * scale;
        const pair = modules.get(module);
        if (!pair || factor === 0) continue;
        const columns = this.#shape.hiddenSize;
        for (let expert = 0; expert < this.#shape.numExperts; expert++) {
          for (let r = 0; r < rank; r++) {
            const b = factor * pair.b[expert * rank + r]!;
            for (let k = 0; k < columns; k++) merged[expert * columns + k]! += b * pair.a[r * columns + k]!;
          }
        }
      }
      this.#gpu.write(target, merged);
    }
  }

  #project(label: string, columns: number, segments: readonly Segment[]): LoraProjection {
    const { rank } = this;
    const isStack = typeof segments[0]!.modules !== 'string';
    const experts = isStack ? segments[0]!.modules.length : 1;
    const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
    const a = new Float32Array(experts * segments.length * rank * columns);
    const b = new Float32Array(experts * rows * rank);
    for (let expert = 0; expert < experts; expert++) {
      let row = expert * rows;
      segments.forEach((segment, s) => {
        let column = 0;
        for (const adapter of this.adapters) {
          const module = typeof segment.modules === 'string' ? segment.modules : segment.modules[expert]!;
          const pair = adapter.modules.get(module);
          if (pair) {
            this.#expectSize(adapter, module, pair, segment.rows, columns);
            if (this.#matrixType === 'f16') expectHalves(adapter, module, pair);
            a.set(pair.a, ((expert * segments.length + s) * rank + column) * columns);
            for (let n = 0; n < segment.rows; n++) {
              b.set(pair.b.subarray(n * adapter.rank, (n + 1) * adapter.rank), (row + n) * rank + column);
            }
          }
          column += adapter.rank;
        }
        row += segment.rows;
      });
    }
    let end = 0;
    const stack = isStack ? [experts] : [];
    return {
      a: this.#upload(`${label} lora A`, [...stack, segments.length * rank, columns], a),
      b: this.#upload(`${label} lora B`, [...stack, rows, rank], b),
      scales: this.#scales[segments.length - 1]!,
      rank,
      segmentEnds: segments.map((segment) => (end += segment.rows)),
    };
  }

  #expectSize(
    adapter: LoraAdapter,
    module: string,
    pair: { a: Float32Array; b: Float32Array },
    rows: number,
    columns: number,
  ): void {
    if (pair.a.length !== adapter.rank * columns || pair.b.length !== rows * adapter.rank) {
      throw new RuntimeError(
        'adapter-mismatch',
        `Adapter "${adapter.name}": ${module} has ${pair.a.length} and ${pair.b.length} values in lora_A and lora_B; rank ${adapter.rank} on a ${rows} x ${columns} matrix needs ${adapter.rank * columns} and ${rows * adapter.rank}. Use an adapter made for this model.`,
        { adapter: adapter.name, module },
      );
    }
  }

  #expectAllUsed(): void {
    const known = new Set<string>();
    this.#shape.isMoe.forEach((isMoe, layer) => {
      const prefix = `model.layers.${layer}`;
      for (const part of 'qkvo') known.add(`${prefix}.self_attn.${part}_proj`);
      const mlps = isMoe
        ? Array.from({ length: this.#shape.numExperts }, (_, e) => `${prefix}.mlp.experts.${e}`)
        : [`${prefix}.mlp`];
      for (const name of mlps) for (const part of ['gate', 'up', 'down']) known.add(`${name}.${part}_proj`);
      if (isMoe) known.add(`${prefix}.mlp.gate`);
    });
    for (const { name, modules } of this.adapters) {
      for (const module of modules.keys()) {
        if (!known.has(module)) {
          throw new RuntimeError(
            'adapter-mismatch',
            `Adapter "${name}" changes ${module}, which this model does not have.`,
            { adapter: name, module },
          );
        }
      }
    }
  }

  #upload(label: string, shape: readonly number[], values: Float32Array<ArrayBuffer>): Tensor {
    const tensor = this.#buffers.createTensor(label, shape, this.#matrixType);
    this.#gpu.write(tensor, this.#matrixType === 'f16' ? f32ArrayToF16(values) : values);
    return tensor;
  }
}

/** @throws RuntimeError `adapter-mismatch` naming a value that float16 cannot hold. */
function expectHalves(
  adapter: LoraAdapter,
  module: string,
  pair: { a: Float32Array; b: Float32Array },
): void {
  for (const half of ['a', 'b'] as const) {
    const bits = f32ArrayToF16(pair[half]);
    const beyond = bits.findIndex((value) => (value & 0x7c00) === 0x7c00);
    if (beyond < 0) continue;
    const value = String(pair[half][beyond]);
    throw new RuntimeError(
      'adapter-mismatch',
      `Adapter "${adapter.name}": lora_${half.toUpperCase()} of ${module} holds ${value}; beside q8 and q4 weights adapters are stored in float16, which ends at 65504. Repair the adapter, or export the checkpoint with f16 or f32 weights.`,
      { adapter: adapter.name, module, value },
    );
  }
}
