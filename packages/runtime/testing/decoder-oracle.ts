import { ropeTables } from '@uni-moe-web/kernels';
import { hasScales, roundToF16, unpackMatrix } from '@uni-moe-web/kernels/quant';
import { describeWeights, type Checkpoint } from '../src/checkpoint/index.ts';
import type { DecoderConfig } from '../src/checkpoint/format.ts';
import type { LoraAdapter } from '../src/decoder/lora.ts';
import { describeAdapter, readAdapter } from '../src/decoder/read-adapter.ts';
import type { DecoderPrompt } from '../src/decoder/prompt.ts';

/** Dequantised matrices `[rows, columns]` by name: exactly the values that kernels compute with. */
export type OracleWeights = ReadonlyMap<string, Float32Array>;

/**
 * Reads and dequantises all weights of a small checkpoint, and adds its adapters' matrices, times `adapterWeight`, without
 * rounding the sums.
 */
export async function readOracleWeights(checkpoint: Checkpoint, adapterWeight = 1): Promise<OracleWeights> {
  const stored = new Map<string, Uint8Array>();
  await checkpoint.streamTensors((tensor, offset, bytes) => {
    const whole = stored.get(tensor.name) ?? new Uint8Array(tensor.bytes);
    stored.set(tensor.name, whole);
    whole.set(bytes, offset);
  });
  const weights = new Map<string, Float32Array>();
  for (const [name, { format, rows, columns, parts }] of describeWeights(checkpoint.tensors)) {
    const values = new Float32Array(rows * columns);
    for (const part of parts) {
      const scales = part.scales === undefined ? {} : { scales: stored.get(part.scales)! };
      const matrix = { format, rows: part.rows, columns, quants: stored.get(part.quants)!, ...scales };
      values.set(unpackMatrix(matrix), part.rowStart * columns);
    }
    weights.set(name, values);
  }
  for (const name of checkpoint.config.adapters) {
    const description = await describeAdapter(checkpoint, name, {});
    const adapter = await readAdapter(checkpoint, description, {});
    if (hasScales(checkpoint.config.quantization.weights)) {
      for (const [module, { a, b }] of adapter.modules) {
        // A router is float32 beside all weights, and so is what acts on it.
        if (!module.endsWith('.mlp.gate')) for (const half of [a, b]) half.set(half.map(roundToF16));
      }
    }
    addAdapter(weights, adapter, adapterWeight);
  }
  return weights;
}

/** W += factor · scale · B · A for every module of an adapter. */
function addAdapter(
  weights: ReadonlyMap<string, Float32Array>,
  { rank, scale, modules }: LoraAdapter,
  factor: number,
): void {
  for (const [module, { a, b }] of modules) {
    const weight = weights.get(`${module}.weight`)!;
    const columns = a.length / rank;
    for (let n = 0; n < b.length / rank; n++) {
      for (let k = 0; k < columns; k++) {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += b[n * rank + r]! * a[r * columns + k]!;
        weight[n * columns + k]! += factor * scale * sum;
      }
    }
  }
}

/** Values of one stage, `[tokens, width]` flat. */
export type OracleTaps = Map<string, Float64Array>;

/**
 * The whole decoder in plain loops and double precision (specification 5.7, 5.8). `embeds` are the spliced input
 * embeddings `[tokens, D]`; the result holds every stage under the names of the recorded tensors.
 */
export function decoderOracle(
  config: DecoderConfig,
  weights: OracleWeights,
  embeds: ArrayLike<number>,
): OracleTaps {
  const {
    hidden_size: D,
    num_attention_heads: H,
    num_key_value_heads: KV,
    head_dim: d,
    rms_norm_eps: epsilon,
  } = config;
  const T = embeds.length / D;
  const taps: OracleTaps = new Map();
  const get = (name: string): Float32Array => weights.get(name)!;
  const rope = ropeTables({
    headDim: d,
    theta: config.rope_theta,
    positions: T,
    scaling: config.rope_scaling,
    maxPositionEmbeddings: config.max_position_embeddings,
    tableDtype: config.rope_table_dtype === 'float16' ? 'f16' : 'f32',
  });
  const x = Float64Array.from(embeds);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const prefix = `model.layers.${layer}`;
    const a = rmsNorm(x, get(`${prefix}.input_layernorm.weight`), epsilon);
    const project = (part: string): Float64Array =>
      matmul(a, get(`${prefix}.self_attn.${part}_proj.weight`), D);
    const q = rotate(project('q'), H, d, rope);
    const k = rotate(project('k'), KV, d, rope);
    const attended = attention(q, k, project('v'), T, H, KV, d);
    const attentionOutput = matmul(attended, get(`${prefix}.self_attn.o_proj.weight`), H * d);
    addInto(x, attentionOutput);
    taps.set(`layers.${layer}.attention`, attentionOutput);
    const b = rmsNorm(x, get(`${prefix}.post_attention_layernorm.weight`), epsilon);
    const mlp = config.moe_layers.includes(layer)
      ? mixture(config, weights, `${prefix}.mlp`, `layers.${layer}`, b, taps)
      : swiglu(weights, `${prefix}.mlp`, b, D, config.intermediate_size);
    addInto(x, mlp);
    taps.set(`layers.${layer}.mlp`, mlp);
    taps.set(`layers.${layer}.hidden`, x.slice());
  }
  const normed = rmsNorm(x, get('model.norm.weight'), epsilon);
  taps.set('norm', normed);
  const head = config.tie_word_embeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  taps.set('logits', matmul(normed, get(head), D));
  return taps;
}

/** Token embeddings with the spans' rows in their places; `spanRows` holds the rows of each span. */
export function embedOracle(
  weights: OracleWeights,
  hiddenSize: number,
  prompt: Pick<DecoderPrompt, 'ids'>,
  spanRows: readonly { readonly start: number; readonly rows: Float32Array }[],
): Float32Array {
  const table = weights.get('model.embed_tokens.weight')!;
  const result = new Float32Array(prompt.ids.length * hiddenSize);
  prompt.ids.forEach((id, t) =>
    result.set(table.subarray(id * hiddenSize, (id + 1) * hiddenSize), t * hiddenSize),
  );
  for (const { start, rows } of spanRows) result.set(rows, start * hiddenSize);
  return result;
}

function rmsNorm(x: Float64Array, weight: Float32Array, epsilon: number): Float64Array {
  const width = weight.length;
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += x[start + i]! ** 2;
    const scale = 1 / Math.sqrt(squares / width + epsilon);
    for (let i = 0; i < width; i++) y[start + i] = x[start + i]! * scale * weight[i]!;
  }
  return y;
}

/** x `[M, K]`, weight `[N, K]` -> `[M, N]`. */
function matmul(x: Float64Array, weight: Float32Array, columns: number): Float64Array {
  const M = x.length / columns;
  const N = weight.length / columns;
  const y = new Float64Array(M * N);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += x[m * columns + k]! * weight[n * columns + k]!;
      y[m * N + n] = sum;
    }
  }
  return y;
}

function rotate(
  x: Float64Array,
  heads: number,
  d: number,
  { cos, sin }: { cos: Float32Array; sin: Float32Array },
): Float64Array {
  const y = new Float64Array(x.length);
  const half = d / 2;
  for (let row = 0; row < x.length / d; row++) {
    const t = Math.floor(row / heads);
    for (let i = 0; i < half; i++) {
      const first = x[row * d + i]!;
      const second = x[row * d + half + i]!;
      const c = cos[t * half + i]!;
      const s = sin[t * half + i]!;
      y[row * d + i] = first * c - second * s;
      y[row * d + half + i] = second * c + first * s;
    }
  }
  return y;
}

function attention(
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  T: number,
  H: number,
  KV: number,
  d: number,
): Float64Array {
  const y = new Float64Array(T * H * d);
  for (let t = 0; t < T; t++) {
    for (let h = 0; h < H; h++) {
      const kv = Math.floor(h / (H / KV));
      const scores = Array.from({ length: t + 1 }, (_, j) => {
        let sum = 0;
        for (let i = 0; i < d; i++) sum += q[(t * H + h) * d + i]! * k[(j * KV + kv) * d + i]!;
        return sum / Math.sqrt(d);
      });
      softmax(scores).forEach((weight, j) => {
        for (let i = 0; i < d; i++) y[(t * H + h) * d + i]! += weight * v[(j * KV + kv) * d + i]!;
      });
    }
  }
  return y;
}

function softmax(values: readonly number[]): number[] {
  const largest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

function swiglu(weights: OracleWeights, prefix: string, x: Float64Array, D: number, F: number): Float64Array {
  const gate = matmul(x, weights.get(`${prefix}.gate_proj.weight`)!, D);
  const up = matmul(x, weights.get(`${prefix}.up_proj.weight`)!, D);
  const joined = gate.map((value, i) => (value / (1 + Math.exp(-value))) * up[i]!);
  return matmul(joined, weights.get(`${prefix}.down_proj.weight`)!, F);
}

function mixture(
  config: DecoderConfig,
  weights: OracleWeights,
  prefix: string,
  name: string,
  x: Float64Array,
  taps: OracleTaps,
): Float64Array {
  const { hidden_size: D, intermediate_size: F, num_experts: E, num_experts_per_tok: topK } = config;
  const T = x.length / D;
  const logits = matmul(x, weights.get(`${prefix}.gate.weight`)!, D);
  const chosen = new Float64Array(T * topK);
  const shares = new Float64Array(T * topK);
  const y = new Float64Array(x.length);
  for (let t = 0; t < T; t++) {
    const row = logits.subarray(t * E, (t + 1) * E);
    const order = Array.from(row.keys())
      .sort((a, b) => row[b]! - row[a]! || a - b)
      .slice(0, topK);
    softmax(order.map((expert) => row[expert]!)).forEach((share, j) => {
      const expert = order[j]!;
      chosen[t * topK + j] = expert;
      shares[t * topK + j] = share;
      const result = swiglu(weights, `${prefix}.experts.${expert}`, x.slice(t * D, (t + 1) * D), D, F);
      for (let i = 0; i < D; i++) y[t * D + i]! += share * result[i]!;
    });
  }
  taps.set(`${name}.router_logits`, logits);
  taps.set(`${name}.experts`, chosen);
  taps.set(`${name}.expert_weights`, shares);
  return y;
}

function addInto(x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i]! += y[i]!;
}
