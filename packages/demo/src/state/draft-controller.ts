import { sortFiles, type Attachment, type AttachmentKind } from './attachments.ts';
import type { Question } from './conversation.ts';
import { Store, type Readable } from './store.ts';

export interface Draft {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** Why something could not be attached; empty when all went well. */
  readonly notice: string;
}

const EMPTY: Draft = { text: '', attachments: [], notice: '' };

/** The message that is being written. */
export class DraftController {
  readonly #state = new Store<Draft>(EMPTY);
  #nextId = 1;

  get state(): Readable<Draft> {
    return this.#state;
  }

  setText(text: string): void {
    this.#state.update((draft) => ({ ...draft, text }));
  }

  setNotice(notice: string): void {
    this.#state.update((draft) => ({ ...draft, notice }));
  }

  /** Attaches what the model takes and says why the rest was left out. */
  addFiles(files: Iterable<File>, accepts: Readonly<Record<AttachmentKind, boolean>>): void {
    const { accepted, refused } = sortFiles(files, accepts);
    const added = accepted.map(({ kind, file }): Attachment => ({
      id: this.#nextId++,
      kind,
      name: file.name,
      file,
      url: URL.createObjectURL(file),
    }));
    this.#state.update((draft) => ({
      ...draft,
      attachments: [...draft.attachments, ...added],
      notice: refused.join(' '),
    }));
  }

  remove(id: number): void {
    this.#state.update((draft) => ({
      ...draft,
      attachments: draft.attachments.filter((attachment) => {
        if (attachment.id === id) URL.revokeObjectURL(attachment.url);
        return attachment.id !== id;
      }),
    }));
  }

  /** The finished message, leaving an empty draft; undefined when there is nothing to send. Previews go with the message. */
  take(): Question | undefined {
    const { text, attachments } = this.#state.get();
    const trimmed = text.trim();
    if (trimmed === '' && attachments.length === 0) return undefined;
    this.#state.set(EMPTY);
    return { text: trimmed, attachments };
  }
}
