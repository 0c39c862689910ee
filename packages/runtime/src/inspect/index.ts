/**
 * Looking inside a model: every stage of a forward pass by name, for comparison with the reference. Not for chatting.
 */
export { parseSafetensors, type ParsedTensor } from './safetensors.ts';
export {
  Inspector,
  type InspectedMedia,
  type InspectedTensor,
  type ReferenceConversation,
} from './inspector.ts';
export { GREEDY } from './greedy.ts';
export { inspectedEngine } from './inspected-engine.ts';
export { PromptExperts, type PromptRowKind, type RoutedRows } from './prompt-experts.ts';
export { Sampler } from '../decoder/sampler.ts';
export { withoutSubgroups } from '../towers/device-view.ts';
export { tuneDecoder } from '../engine/tuning.ts';
export type { EngineTuning } from '../engine/engine.ts';
export { loadModel, type LoadedModel, type ModelOptions } from '../engine/load-model.ts';
export { openCheckpoint, describeWeights, type Checkpoint } from '../checkpoint/index.ts';
export type { DecoderConfig } from '../checkpoint/format.ts';
export { resample } from '../modalities/audio/resample.ts';
export { preprocessAudio } from '../modalities/audio/preprocess.ts';
export { decodeAudio } from '../modalities/audio/decode.ts';
