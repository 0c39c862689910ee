/** Everything that only pictures and sounds need, in one place, so that a text-only page never downloads it. */
export { MODALITIES } from '../modalities/registry.ts';
export { mediaKey } from '../modalities/media-key.ts';
export { createTower } from '../towers/index.ts';
