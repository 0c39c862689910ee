import { KIND_NAMES, type AttachmentKind } from '../state/attachments.ts';
import { joinWords } from '../state/format.ts';
import type { ModelInfo } from '../state/session-types.ts';

/** An empty conversation: what can be asked, and where it is computed. */
export function Welcome({ model }: { readonly model: ModelInfo }) {
  const kinds = (Object.keys(KIND_NAMES) as AttachmentKind[]).filter((kind) => model.accepts[kind]);
  const takes = ['text', ...kinds.map((kind) => `${KIND_NAMES[kind]}s`)];
  return (
    <div class="welcome">
      <h2>Ask the model</h2>
      <p>
        It reads {joinWords(takes)}.{' '}
        {kinds.length > 0 && 'Drop files anywhere on the page, paste them, or use the buttons below. '}
      </p>
      <p class="muted">Everything is computed on this device; nothing that you type or attach leaves it.</p>
    </div>
  );
}
