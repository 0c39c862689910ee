import type { Mistake } from './mistake.ts';

const LOADING = 'packages/export/src/map/uni-moe-llama.ts';

/** Typical mistakes, most of which leave many ids equal and are seen in the logits only. */
export const mistakes: readonly Mistake[] = [
  {
    name: 'chunk advance of 480000 samples instead of 480001',
    file: 'packages/export/src/config/preprocessor.ts',
    edits: [{ find: 'CHUNK_ADVANCE = 480_001', replace: 'CHUNK_ADVANCE = 480_000' }],
    variant: 'speech',
    case: 'audio-long',
  },
  {
    name: 'epsilon 1e-6 for 1e-5',
    file: 'packages/runtime/src/decoder/config.ts',
    edits: [{ find: 'epsilon: config.rms_norm_eps', replace: 'epsilon: 1e-6' }],
    variant: 'speech',
    case: 'text',
  },
  {
    name: 'RoPE tables not rounded to float16',
    file: 'packages/runtime/src/decoder/decoder.ts',
    edits: [{ find: "config.rope_table_dtype === 'float16' ? 'f16' : 'f32'", replace: "'f32'" }],
    variant: 'speech',
    case: 'text',
  },
  {
    name: 'towers not rounded to float16',
    file: 'packages/export/src/onnx/weights.ts',
    edits: [
      { find: "type: 'float16',", replace: "type: 'float32'," },
      {
        find: 'new Uint16Array(bytes.length / 2), write)',
        replace: 'new Float32Array(bytes.length / 4), write)',
      },
      { find: 'const bits = new Uint16Array(values.length);', replace: 'return values;\n  const bits = [];' },
      {
        find: 'return values.map((value, i) => {',
        replace: 'return values;\n  return values.map((value, i) => {',
      },
    ],
    variant: 'speech',
    case: 'image',
  },
  {
    name: 'LoRA merged without rounding to float16',
    file: 'packages/export/src/map/derived-tensors.ts',
    edits: [{ find: 'return toFloat16(w, this);', replace: 'return w;' }],
    variant: 'speech',
    case: 'text',
  },
  {
    name: 'erf GELU for quick GELU in CLIP',
    file: 'packages/export/src/onnx/vision.ts',
    edits: [{ find: 'activation: clip.hidden_act', replace: "activation: 'gelu'" }],
    variant: 'speech',
    case: 'image',
  },
  {
    name: 'bilinear for bicubic resize',
    file: 'packages/runtime/src/modalities/image/resize.ts',
    edits: [
      { find: 'const SUPPORT = 2;', replace: 'const SUPPORT = 1;' },
      { find: 'const t = Math.abs(x);', replace: 'const t = Math.abs(x);\n  return Math.max(0, 1 - t);' },
    ],
    variant: 'speech',
    case: 'image',
  },
  {
    name: 'softmax over all experts',
    file: 'packages/kernels/src/ops/moe/route/route.wgsl',
    edits: [
      {
        find: 'for (var i = 0u; i < TOP_K; i++) {\n      sum += numerators[i];\n    }',
        replace:
          'var top = keys[0];\n    for (var i = 0u; i < NUM_EXPERTS; i++) {\n      top = max(top, keys[i]);\n    }\n    for (var i = 0u; i < NUM_EXPERTS; i++) {\n      sum += numerator(keys[i], top);\n    }',
      },
    ],
    variant: 'speech',
    case: 'text',
  },
  {
    name: 'CLIP layer -1',
    file: 'packages/export/src/onnx/vision.ts',
    edits: [{ find: 'hiddenStates + selectLayer :', replace: 'hiddenStates - 1 :' }],
    variant: 'speech',
    case: 'image',
  },
  {
    name: 'aligner not causal',
    file: 'packages/export/src/onnx/audio.ts',
    edits: [{ find: 'causal: true', replace: 'causal: false' }],
    variant: 'speech',
    case: 'image-audio',
  },
  {
    name: 'interleaved RoPE',
    file: 'packages/kernels/src/ops/rope-append/rope-append.wgsl',
    edits: [
      {
        find: 'let rotated_low = low * cosine - high * sine;',
        replace:
          'let rotated_low = vec2<f32>(low.x * cosine.x - low.y * sine.x, low.y * cosine.x + low.x * sine.x);',
      },
      {
        find: 'let rotated_high = high * cosine + low * sine;',
        replace:
          'let rotated_high = vec2<f32>(high.x * cosine.y - high.y * sine.y, high.y * cosine.y + high.x * sine.y);',
      },
    ],
    variant: 'speech',
    case: 'text',
  },
  {
    name: 'heads tiled instead of grouped',
    file: 'packages/kernels/src/wgsl/prefill-rows.wgsl',
    edits: [
      {
        find: '(token * params.num_kv_heads + kv_head) * params.group + row % params.group',
        replace: '(token * params.group + row % params.group) * params.num_kv_heads + kv_head',
      },
    ],
    variant: 'interval',
    case: 'text',
  },
  {
    name: '`legacy` ignored',
    file: 'packages/runtime/src/tokenizer/tokenizer.ts',
    edits: [{ find: 'hasPrefix = this.#isLegacy;', replace: 'hasPrefix = true;' }],
    variant: 'interval',
    case: 'multi-turn',
  },
  {
    name: 'non_lora_trainables.bin not applied',
    file: LOADING,
    edits: [
      { find: 'mapping.load(rewriteTrainableKeys(sources.nonLoraTrainables), MODEL_DROPS);', replace: '' },
    ],
    variant: 'speech',
    case: 'image',
  },
  {
    name: 'adapter not applied',
    file: LOADING,
    edits: [{ find: 'mapping.attachLora(adapter);', replace: '' }],
    variant: 'speech',
    case: 'text',
  },
  {
    name: 'mm_audio_aligner.bin not applied',
    file: LOADING,
    edits: [{ find: 'mapping.load(sources.audioAligner, MODEL_DROPS);', replace: '' }],
    variant: 'speech',
    case: 'image-audio',
  },
  {
    name: 'mlp_gates.bin not applied',
    file: LOADING,
    edits: [{ find: 'if (sources.gates)', replace: 'if (false)' }],
    variant: 'interval',
    case: 'text',
  },
  {
    name: 'towers taken from the base shards',
    file: 'packages/export/src/map/towers.ts',
    edits: [
      {
        find: 'const available = new Map(plan.encoder);',
        replace:
          "const available = new Map(plan.encoder);\n  for (const [name, tensor] of sources.base) {\n    const own = name.replace('model.vision_tower.vision_tower.', '').replace('model.audio_tower.audio_tower.', 'encoder.');\n    if (own !== name && available.has(own)) available.set(own, tensor);\n  }",
      },
    ],
    variant: 'interval',
    case: 'image-audio',
  },
];
