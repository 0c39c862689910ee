/** Uni-MoE in the browser: text, pictures, sounds and videos in, streamed text out. */
export { createEngine, type EngineOptions } from './engine/create-engine.ts';
export type {
  AdapterInfo,
  Adapters,
  CallOptions,
  ChatCompletions,
  Engine,
  EngineInfo,
  EngineMemory,
  EngineTuning,
} from './engine/engine.ts';
export type { LayerExperts } from './engine/token-generator.ts';
export type * from './api/chat-request.ts';
export type * from './api/chat-response.ts';
export type { GenerationDefaults } from './api/defaults.ts';
export { MediaFetchError, RequestError } from './api/errors.ts';
export {
  deleteCachedCheckpoint,
  listCachedCheckpoints,
  requestPersistentStorage,
  type ByteRange,
  type CacheChoice,
  type CachedCheckpoint,
  type CheckpointLocation,
  type CheckpointSource,
  type LoadProgress,
} from './checkpoint/index.ts';
export * from './checkpoint/errors.ts';
export type { AudioConfig, CheckpointConfig, DecoderConfig, VisionConfig } from './checkpoint/format.ts';
export { DeviceLostError, EngineDisposedError, EngineOptionError } from './engine/errors.ts';
export { AbortedError, RuntimeError, type ErrorDetails, type RuntimeErrorJson } from './errors.ts';
export { ScriptLoadError } from './load-script.ts';
export * from './modalities/errors.ts';
export type { ModalityName } from './modalities/modality.ts';
export type { AudioSource, RawAudio } from './modalities/audio/decode.ts';
export type { ImageSource } from './modalities/image/decode.ts';
export type { RawPixels } from './modalities/image/rgb-image.ts';
export type { VideoSource } from './modalities/video/frames.ts';
export * from './towers/errors.ts';
export { WorkerFailedError } from './worker/errors.ts';
export { UnexpectedError } from './worker/wire-errors.ts';
export type { Capabilities } from '@uni-moe-web/kernels';
export type { TuningMode } from '@uni-moe-web/kernels/tuning';
export { KernelError } from '@uni-moe-web/kernels/errors';
