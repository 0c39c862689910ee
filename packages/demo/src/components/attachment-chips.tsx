import { useRef } from 'preact/hooks';
import { KIND_NAMES, type Attachment } from '../state/attachments.ts';
import { formatBytes } from '../state/format.ts';
import { CloseIcon, SoundIcon } from './icons.tsx';

interface AttachmentChipsProps {
  readonly attachments: readonly Attachment[];
  readonly onRemove: (id: number) => void;
  /** Called when the last chip is gone and the focus has no place to go. */
  readonly onEmpty: () => void;
}

/** What will go with the message, each with a way to take it back. */
export function AttachmentChips({ attachments, onRemove, onEmpty }: AttachmentChipsProps) {
  const list = useRef<HTMLUListElement>(null);
  if (attachments.length === 0) return null;
  const remove = (index: number): void => {
    const buttons = list.current!.querySelectorAll('button');
    const next = buttons[index + 1] ?? buttons[index - 1];
    if (next) next.focus();
    else onEmpty();
    onRemove(attachments[index]!.id);
  };
  return (
    <ul class="chips" aria-label="Attachments" ref={list}>
      {attachments.map((attachment, index) => (
        <li key={attachment.id} class="chip">
          <Thumbnail attachment={attachment} />
          <span class="chip-text">
            <span class="chip-name">{attachment.name}</span>
            <span class="muted small">
              {KIND_NAMES[attachment.kind]}, {formatBytes(attachment.file.size)}
            </span>
          </span>
          <button
            type="button"
            class="icon-button"
            aria-label={`Remove ${attachment.name}`}
            onClick={() => remove(index)}
          >
            <CloseIcon />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Thumbnail({ attachment: { kind, url } }: { readonly attachment: Attachment }) {
  if (kind === 'image') return <img class="thumbnail" src={url} alt="" />;
  if (kind === 'video') {
    return (
      <video
        class="thumbnail"
        src={url}
        muted
        playsInline
        preload="metadata"
        aria-hidden="true"
        tabIndex={-1}
      />
    );
  }
  return (
    <span class="thumbnail thumbnail-icon">
      <SoundIcon />
    </span>
  );
}
