import type { Ref } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { AttachmentKind } from '../state/attachments.ts';
import type { Draft } from '../state/draft-controller.ts';
import type { Recording } from '../media/microphone.ts';
import { AttachButtons } from './attach-buttons.tsx';
import { AttachmentChips } from './attachment-chips.tsx';
import { SendIcon, StopIcon } from './icons.tsx';
import { RecorderBar } from './recorder-bar.tsx';

interface ComposerProps {
  readonly box: { readonly current: HTMLTextAreaElement | null } & Ref<HTMLTextAreaElement>;
  readonly draft: Draft;
  /** Why nothing can be sent now; absent when it can. */
  readonly hindrance: string | undefined;
  readonly busy: boolean;
  readonly accepts: Readonly<Record<AttachmentKind, boolean>>;
  readonly recording: Recording | undefined;
  readonly onText: (text: string) => void;
  readonly onFiles: (files: File[]) => void;
  readonly onRemove: (id: number) => void;
  readonly onSend: () => void;
  readonly onStop: () => void;
  readonly onCamera: () => void;
  readonly onRecord: () => void;
  readonly onRecordingEnd: (keep: boolean) => void;
}

/** Where the next message is written. */
export function Composer(props: ComposerProps) {
  const { box, draft, hindrance, busy, recording } = props;
  useLayoutEffect(() => fitHeight(box.current!), [draft.text]);
  const isEmpty = draft.text.trim() === '' && draft.attachments.length === 0;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!busy) props.onSend();
  };

  return (
    <form
      class="composer"
      aria-label="New message"
      onSubmit={(event) => {
        event.preventDefault();
        props.onSend();
      }}
    >
      <p class="composer-notice" role="status">
        {draft.notice}
      </p>
      <AttachmentChips
        attachments={draft.attachments}
        onRemove={props.onRemove}
        onEmpty={() => box.current?.focus()}
      />
      <textarea
        ref={box}
        id="message"
        rows={1}
        aria-label="Message"
        aria-describedby="composer-hint"
        placeholder="Ask something, or drop a picture, a sound or a video"
        value={draft.text}
        onInput={(event) => props.onText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="composer-row">
        {recording ? (
          <RecorderBar
            recording={recording}
            onStop={() => props.onRecordingEnd(true)}
            onCancel={() => props.onRecordingEnd(false)}
          />
        ) : (
          <AttachButtons
            accepts={props.accepts}
            onFiles={props.onFiles}
            onCamera={props.onCamera}
            onRecord={props.onRecord}
          />
        )}
        {!recording && (
          <span id="composer-hint" class={`muted small composer-hint ${hindrance ? '' : 'composer-keys'}`}>
            {hindrance ?? (busy ? 'Esc stops' : 'Enter sends, Shift+Enter starts a line')}
          </span>
        )}
        {busy ? (
          <button
            key="send"
            type="button"
            class="button button-send"
            aria-label="Stop"
            onClick={props.onStop}
          >
            <StopIcon />
          </button>
        ) : (
          <button
            key="send"
            type="submit"
            class="button button-primary button-send"
            aria-label="Send"
            disabled={isEmpty || hindrance !== undefined}
          >
            <SendIcon />
          </button>
        )}
      </div>
    </form>
  );
}

/** Lets the box grow with its text, up to the height that the style sheet allows. */
function fitHeight(box: HTMLTextAreaElement): void {
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight}px`;
}
