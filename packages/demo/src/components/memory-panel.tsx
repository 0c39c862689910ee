import { formatBytes } from '../state/format.ts';
import type { MemoryUse } from '../state/session-types.ts';

/** What the model holds of the GPU's memory. */
export function MemoryPanel({ memory }: { readonly memory: MemoryUse }) {
  const parts = [
    { key: 'weights', label: 'Weights', bytes: memory.weightBytes },
    { key: 'cache', label: 'KV cache', bytes: memory.cacheBytes },
    { key: 'scratch', label: 'Scratch', bytes: memory.scratchBytes },
  ];
  return (
    <section class="panel" aria-labelledby="memory-title">
      <div class="panel-header">
        <h2 id="memory-title">GPU memory</h2>
        <span class="numbers">{formatBytes(memory.totalBytes)}</span>
      </div>
      <div class="memory-bar" aria-hidden="true">
        {parts.map(({ key, bytes }) => (
          <span key={key} class={`memory-${key}`} style={{ flexGrow: bytes }} />
        ))}
      </div>
      <dl class="figures">
        {parts.map(({ key, label, bytes }) => (
          <div key={key}>
            <dt>
              <span class={`swatch memory-${key}`} />
              {label}
            </dt>
            <dd class="numbers">{formatBytes(bytes)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
