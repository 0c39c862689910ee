import { useEffect, useRef, useState } from 'preact/hooks';
import { Announcer } from '../state/announcer.ts';
import { isRunning, type Exchange } from '../state/conversation.ts';

/** Tells screen readers of the newest answer, sentence by sentence. */
export function AnswerAnnouncer({ exchange }: { readonly exchange: Exchange | undefined }) {
  const announcer = useRef({ id: 0, ended: false, speech: new Announcer() });
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (!exchange) return;
    const { id, answer } = exchange;
    if (id !== announcer.current.id) announcer.current = { id, ended: false, speech: new Announcer() };
    const { speech, ended } = announcer.current;
    if (ended) return;
    const sentences = speech.update(answer.text);
    if (isRunning(answer)) {
      if (sentences) setSaid(sentences);
      return;
    }
    announcer.current.ended = true;
    const ending = { done: 'End of the answer.', stopped: 'Stopped.', failed: '' }[answer.status as 'done'];
    setSaid([sentences, speech.finish(), ending].filter(Boolean).join(' '));
  }, [exchange]);
  return (
    <div class="visually-hidden" aria-live="polite" aria-atomic="true" data-testid="announcer">
      {said}
    </div>
  );
}
