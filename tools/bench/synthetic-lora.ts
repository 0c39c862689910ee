import type { DecoderConfig } from '@uni-moe-web/runtime/inspect';

/** Of each value; wide models change by about 1 % of their logits, far above rounding. */
const AMPLITUDE = 0.03;

/** Random adapters of one rank on every projection, as peft stores them: path and content below `adapters/<name>/`. */
export function syntheticLora(config: DecoderConfig, name: string, rank: number): Record<string, Uint8Array> {
  const { hidden_size: hidden, intermediate_size: intermediate, num_experts: experts } = config;
  const rows = config.num_attention_heads * config.head_dim;
  const kvRows = config.num_key_value_heads * config.head_dim;
  const modules: { name: string; in: number; out: number }[] = [];
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const prefix = `model.layers.${layer}`;
    modules.push(
      { name: `${prefix}.self_attn.q_proj`, in: hidden, out: rows },
      { name: `${prefix}.self_attn.k_proj`, in: hidden, out: kvRows },
      { name: `${prefix}.self_attn.v_proj`, in: hidden, out: kvRows },
      { name: `${prefix}.self_attn.o_proj`, in: rows, out: hidden },
    );
    for (let expert = 0; expert < experts; expert++) {
      const mlp = `${prefix}.mlp.experts.${expert}`;
      modules.push(
        { name: `${mlp}.gate_proj`, in: hidden, out: intermediate },
        { name: `${mlp}.up_proj`, in: hidden, out: intermediate },
        { name: `${mlp}.down_proj`, in: intermediate, out: hidden },
      );
    }
  }
  const tensors = modules.flatMap((module) => [
    { name: `base_model.model.${module.name}.lora_A.weight`, shape: [rank, module.in] },
    { name: `base_model.model.${module.name}.lora_B.weight`, shape: [module.out, rank] },
  ]);
  const settings = { peft_type: 'LORA', r: rank, lora_alpha: 2 * rank };
  return {
    [`adapters/${name}/adapter_config.json`]: new TextEncoder().encode(JSON.stringify(settings)),
    [`adapters/${name}/adapter_model.safetensors`]: safetensors(tensors),
  };
}

function safetensors(tensors: readonly { name: string; shape: readonly number[] }[]): Uint8Array {
  const header: Record<string, unknown> = {};
  let position = 0;
  for (const { name, shape } of tensors) {
    const bytes = shape.reduce((product, size) => product * size, 4);
    header[name] = { dtype: 'F32', shape, data_offsets: [position, position + bytes] };
    position += bytes;
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const file = new Uint8Array(8 + text.length + position);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  const values = Float32Array.from({ length: position / 4 }, (_, i) => AMPLITUDE * Math.sin(i * i));
  file.set(new Uint8Array(values.buffer), 8 + text.length);
  return file;
}
