import { KIND_NAMES, type AttachmentKind } from '../state/attachments.ts';
import { joinWords } from '../state/format.ts';
import type { CheckpointPlace, ModelInfo } from '../state/session-types.ts';
import type { Suggestion } from '../state/suggestions.ts';
import { SuggestionList } from './suggestion-list.tsx';

interface WelcomeProps {
  readonly model: ModelInfo;
  readonly place: CheckpointPlace;
  readonly onAsk: (suggestion: Suggestion) => void;
}

/** An empty conversation: what can be asked, and where it is computed. */
export function Welcome({ model, place, onAsk }: WelcomeProps) {
  const kinds = (Object.keys(KIND_NAMES) as AttachmentKind[]).filter((kind) => model.accepts[kind]);
  const takes = ['text', ...kinds.map((kind) => `${KIND_NAMES[kind]}s`)];
  return (
    <div class="welcome">
      <h2>Ask the model</h2>
      <p>
        It reads {joinWords(takes)}.{' '}
        {kinds.length > 0 && 'Drop files anywhere on the page, paste them, or use the buttons below. '}
      </p>
      {typeof place === 'string' && <SuggestionList place={place} accepts={model.accepts} onAsk={onAsk} />}
      <p class="muted">Everything is computed on this device; nothing that you type or attach leaves it.</p>
    </div>
  );
}
