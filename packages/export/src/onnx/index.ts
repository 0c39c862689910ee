/** The modality towers as ONNX graphs: preprocessed input to embeddings in the decoder's hidden size. */
export { buildAudioTower } from './audio.ts';
export { buildVisionTower } from './vision.ts';
export type { TowerOptions } from './tower-config.ts';
