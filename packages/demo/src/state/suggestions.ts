import { KIND_NAMES, type AttachmentKind } from './attachments.ts';
import type { Question } from './conversation.ts';

/** A question that a checkpoint brings along to be tried. */
export interface Suggestion {
  /** Empty when the media say it all. */
  readonly text: string;
  readonly files: readonly SuggestedFile[];
}

export interface SuggestedFile {
  readonly kind: AttachmentKind;
  readonly name: string;
  readonly file: Blob;
}

/** What a checkpoint's folder may hold beside its files: a labelled set as docs/evaluation.md has it. */
const FOLDER = 'examples/';
/** No more than one look takes in. */
const MOST = 6;

type FetchFile = (url: string) => Promise<Response>;

/**
 * The examples beside a checkpoint at an address; none when there are none, or when they cannot be read: a page is complete
 * without them.
 */
export async function loadSuggestions(
  place: string,
  accepts: Readonly<Record<AttachmentKind, boolean>>,
  fetchFile: FetchFile = fetch,
): Promise<Suggestion[]> {
  const folder = new URL(FOLDER, place);
  const read = async (path: string): Promise<Response> => {
    const response = await fetchFile(new URL(path, folder).href);
    if (!response.ok) throw new Error(`${path}: status ${response.status}`);
    return response;
  };
  try {
    const items = readItems(await (await read('set.json')).json()).filter(({ files }) =>
      files.every(({ kind }) => accepts[kind]),
    );
    return await Promise.all(
      items.slice(0, MOST).map(async ({ text, files }) => ({
        text,
        files: await Promise.all(
          files.map(async ({ kind, name }) => ({ kind, name, file: await (await read(name)).blob() })),
        ),
      })),
    );
  } catch {
    return [];
  }
}

interface ListedItem {
  readonly text: string;
  readonly files: readonly { readonly kind: AttachmentKind; readonly name: string }[];
}

/** Items of one turn; whatever else a set holds is passed over. */
function readItems(set: unknown): ListedItem[] {
  const { items } = (set ?? {}) as { items?: unknown };
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown): ListedItem[] => {
    const { question, image, audio, video, turns } = (item ?? {}) as Record<string, unknown>;
    if (turns !== undefined || video !== undefined) return [];
    const text = typeof question === 'string' ? question.trim() : '';
    const files = [...listed('image', image), ...listed('audio', audio)];
    return text === '' && files.length === 0 ? [] : [{ text, files }];
  });
}

function listed(kind: AttachmentKind, paths: unknown): { kind: AttachmentKind; name: string }[] {
  return [paths].flat().flatMap((name) => (typeof name === 'string' ? [{ kind, name }] : []));
}

/** The question in words, also when a sound or a picture is all there is. */
export function suggestionLabel({ text, files: [first] }: Suggestion): string {
  if (text !== '' || !first) return text;
  return first.kind === 'audio' ? 'A spoken question' : `A ${KIND_NAMES[first.kind]} without a question`;
}

/** The question as the conversation takes it. Its previews are let go of with the conversation. */
export function toQuestion({ text, files }: Suggestion): Question {
  return {
    text,
    attachments: files.map(({ kind, name, file }, id) => ({
      id,
      kind,
      name,
      file,
      url: URL.createObjectURL(file),
    })),
  };
}
