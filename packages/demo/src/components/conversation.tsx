import { useFollowEnd } from '../hooks/use-follow-end.ts';
import type { Exchange } from '../state/conversation.ts';
import { AnswerView, type AnswerActions } from './answer-view.tsx';
import { AttachmentPreview } from './attachment-preview.tsx';

interface ConversationProps {
  readonly exchanges: readonly Exchange[];
  readonly waitingFor: string | undefined;
  /** Absent while the model is busy or not there. */
  readonly actions: AnswerActions | undefined;
}

const FIRST_ANSWER =
  'Reading the message. The first answer takes longer: the GPU’s programs are being compiled.';

export function Conversation({ exchanges, waitingFor, actions }: ConversationProps) {
  const last = exchanges.at(-1);
  const content = useFollowEnd(last?.id);
  return (
    // Sentences of a streaming answer are read out by the live region of the page, not token by token from here.
    <div ref={content} class="conversation" role="log" aria-live="off" aria-label="Conversation">
      {exchanges.map((exchange) => (
        <article key={exchange.id} class="exchange">
          <QuestionView exchange={exchange} />
          <AnswerView
            answer={exchange.answer}
            waitingFor={waitingFor ?? (exchanges.length === 1 ? FIRST_ANSWER : 'Reading the message')}
            actions={exchange === last ? actions : undefined}
          />
        </article>
      ))}
    </div>
  );
}

function QuestionView({ exchange: { question } }: { readonly exchange: Exchange }) {
  return (
    <section class="question" aria-label="You">
      {question.attachments.length > 0 && (
        <div class="previews">
          {question.attachments.map((attachment) => (
            <AttachmentPreview key={attachment.id} attachment={attachment} />
          ))}
        </div>
      )}
      {question.text && <p class="message-text">{question.text}</p>}
    </section>
  );
}
