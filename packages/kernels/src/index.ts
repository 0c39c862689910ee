export * from './errors.ts';
export { CommandList, type DispatchTimestamps, type KernelRun } from './gpu/command-list.ts';
export type { Capabilities } from './gpu/capabilities.ts';
export { foldWorkgroups, type Workgroups } from './gpu/dispatch.ts';
export { Gpu } from './gpu/gpu.ts';
export type { TiledKernel, Tuning } from './gpu/tuning.ts';
export { requestGpu, type GpuOptions, type OptionalFeature } from './gpu/request-gpu.ts';
export * from './tensor/tensor.ts';
export * from './tensor/weight-matrix.ts';
export { rmsNorm, type RmsNormArgs } from './ops/rms-norm/rms-norm.ts';
export { ropeAppend, type RopeAppendArgs } from './ops/rope-append/rope-append.ts';
export { ropeTables, type RopeTableOptions, type RopeTables } from './ops/rope-append/rope-tables.ts';
export {
  sample,
  samplerShapes,
  type SampleArgs,
  type SamplerLogprobs,
  type SamplerScratch,
} from './ops/sample/sample.ts';
export {
  MAX_TOP_LOGPROBS,
  packSamplerSettings,
  packSeenTokens,
  SAMPLER_SETTINGS_WORDS,
  writeSamplerSettings,
  type SamplerSettings,
} from './ops/sample/sampler-settings.ts';
export { mean, type MeanArgs } from './ops/mean/mean.ts';
export type { LoraUp } from './tensor/lora.ts';
export { linear, type LinearArgs } from './ops/linear/linear.ts';
export type { FusedNorm } from './ops/linear/encode-linear.ts';
export { gatedLinear, type GatedLinearArgs } from './ops/gated-linear/gated-linear.ts';
export { attentionPrefill, type AttentionPrefillArgs } from './ops/attention-prefill/attention-prefill.ts';
export { add, type AddArgs } from './ops/add/add.ts';
export { embed, type EmbedArgs } from './ops/embed/embed.ts';
export { loraDown, type LoraDownArgs } from './ops/lora-down/lora-down.ts';
export {
  attentionDecode,
  attentionDecodeScratch,
  type AttentionDecodeArgs,
} from './ops/attention-decode/attention-decode.ts';
export { moeMlp, type MoeLora, type MoeMlpArgs } from './ops/moe/moe.ts';
export { moeScratch, type MoeScratch } from './ops/moe/moe-scratch.ts';
export { moeRoute, type MoeRouteArgs } from './ops/moe/route/route.ts';
export { chooseMoePath, type MoePath, type MoeWork } from './ops/moe/choose-path.ts';
