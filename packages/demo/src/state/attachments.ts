/** Pictures, sounds and videos that go with a message. */

export type AttachmentKind = 'image' | 'audio' | 'video';

export interface Attachment {
  readonly id: number;
  readonly kind: AttachmentKind;
  readonly name: string;
  readonly file: Blob;
  /** Object URL for previews. */
  readonly url: string;
}

/** What people call each kind. */
export const KIND_NAMES: Readonly<Record<AttachmentKind, string>> = {
  image: 'picture',
  audio: 'sound',
  video: 'video',
};

/** Browsers leave the type of some files empty, so the end of the name decides then. */
const EXTENSIONS: Readonly<Record<AttachmentKind, RegExp>> = {
  image: /\.(png|jpe?g|webp|gif|avif|bmp)$/i,
  audio: /\.(wav|mp3|m4a|aac|ogg|oga|opus|flac|weba)$/i,
  video: /\.(mp4|m4v|webm|mov|mkv|ogv)$/i,
};

const KINDS: readonly AttachmentKind[] = ['image', 'audio', 'video'];

export function attachmentKind(file: {
  readonly type: string;
  readonly name: string;
}): AttachmentKind | undefined {
  const family = file.type.split('/')[0];
  return (
    KINDS.find((kind) => kind === family) ??
    (file.type === '' || family === 'application'
      ? KINDS.find((kind) => EXTENSIONS[kind].test(file.name))
      : undefined)
  );
}

export interface SortedFiles {
  readonly accepted: readonly { readonly kind: AttachmentKind; readonly file: File }[];
  /** One sentence per file that was left out. */
  readonly refused: readonly string[];
}

/** Sorts chosen, dropped or pasted files into those that can go with a message and those that cannot. */
export function sortFiles(
  files: Iterable<File>,
  accepts: Readonly<Record<AttachmentKind, boolean>>,
): SortedFiles {
  const accepted: { kind: AttachmentKind; file: File }[] = [];
  const refused: string[] = [];
  for (const file of files) {
    const kind = attachmentKind(file);
    if (!kind) refused.push(`“${file.name}” is neither a picture, a sound nor a video.`);
    else if (!accepts[kind])
      refused.push(`“${file.name}” was left out: this checkpoint takes no ${KIND_NAMES[kind]}.`);
    else if (file.size === 0) refused.push(`“${file.name}” is empty.`);
    else accepted.push({ kind, file });
  }
  return { accepted, refused };
}
