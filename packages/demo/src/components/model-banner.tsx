import { formatBytes } from '../state/format.ts';
import type { ModelInfo } from '../state/session-types.ts';

const RANDOM_WEIGHTS = /random weights/i;

/** What the loaded checkpoint says of itself. Random weights are marked, so that nobody takes the answers seriously. */
export function ModelBanner({ model }: { readonly model: ModelInfo }) {
  const { description, quantization, numLayers, numExperts, memory } = model;
  const isRandom = RANDOM_WEIGHTS.test(description ?? '');
  // The badge has said it.
  const text = (description ?? model.name).replace(RANDOM_WEIGHTS, '').trim();
  return (
    <section class="model-banner" aria-label="Model">
      {isRandom && <strong class="badge badge-warning">Random weights</strong>}
      <p class="model-description wrap">{text}</p>
      <p class="muted small numbers">
        {numLayers} layers · {numExperts > 0 ? `${numExperts} experts · ` : ''}
        {quantization} · {formatBytes(memory.totalBytes)} on the GPU
      </p>
    </section>
  );
}
