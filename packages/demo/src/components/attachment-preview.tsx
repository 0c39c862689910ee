import type { Attachment } from '../state/attachments.ts';

/** A sent picture, sound or video, large enough to look at. */
export function AttachmentPreview({ attachment: { kind, name, url } }: { readonly attachment: Attachment }) {
  return (
    <figure class={`preview preview-${kind}`}>
      {kind === 'image' && <img src={url} alt={name} />}
      {kind === 'audio' && <audio controls preload="metadata" src={url} aria-label={name} />}
      {kind === 'video' && (
        <video controls preload="metadata" muted playsInline src={url} aria-label={name} />
      )}
      <figcaption class="muted small wrap">{name}</figcaption>
    </figure>
  );
}
