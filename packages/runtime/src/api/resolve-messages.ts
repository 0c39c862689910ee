import { AbortedError } from '../errors.ts';
import type { ChatPrompt, PromptPart } from '../engine/token-generator.ts';
import { isList } from '../is-list.ts';
import type { ImageSource } from '../modalities/image/decode.ts';
import type { AudioSource } from '../modalities/audio/decode.ts';
import type { ChatCompletionRequest, MediaUrl, UserContentPart } from './chat-request.ts';
import { decodeBase64, fetchMedia } from './fetch-media.ts';

/**
 * Messages as the model layer takes them: plain parts, every URL fetched. A valid request is expected.
 * @throws RequestError, MediaFetchError or AbortedError.
 */
export async function resolveMessages(
  { messages }: ChatCompletionRequest,
  signal?: AbortSignal,
): Promise<ChatPrompt> {
  return Promise.all(
    messages.map(async ({ role, content }, index) => {
      if (typeof content === 'string') return { role, parts: [{ type: 'text' as const, text: content }] };
      const path = (at: number): string => `messages[${index}].content[${at}]`;
      return {
        role,
        parts: await Promise.all(content.map((part, at) => resolvePart(part, path(at), signal))),
      };
    }),
  );
}

async function resolvePart(part: UserContentPart, path: string, signal?: AbortSignal): Promise<PromptPart> {
  if (signal?.aborted) throw new AbortedError('Reading the request');
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image_url':
      return { type: 'image', image: await resolve(part.image_url.url, `${path}.image_url.url`, signal) };
    case 'input_audio':
      return {
        type: 'audio',
        audio: await resolveAudio(part.input_audio, `${path}.input_audio.data`, signal),
      };
    case 'video_url': {
      const { url } = part.video_url;
      const field = `${path}.video_url.url`;
      if (!isList(url)) return { type: 'video', video: await resolve(url, field, signal) };
      const frames = url.map((frame, at) => resolve<ImageSource>(frame, `${field}[${at}]`, signal));
      return { type: 'video', video: await Promise.all(frames) };
    }
  }
}

/** Fetches what is an address; a URL object counts as one, so that sources need no third meaning. */
async function resolve<Source extends object>(
  source: MediaUrl | Source,
  field: string,
  signal?: AbortSignal,
): Promise<Source | Blob> {
  return typeof source === 'string' || source instanceof URL ? fetchMedia(source, field, signal) : source;
}

/** A string that begins with a scheme is an address; any other is base64, as OpenAI has it. */
async function resolveAudio(
  { data, format }: { readonly data: MediaUrl | AudioSource; readonly format?: string },
  field: string,
  signal?: AbortSignal,
): Promise<AudioSource> {
  if (typeof data === 'string' && !/^[a-z][a-z0-9+.-]*:/i.test(data)) {
    return decodeBase64(data, format === undefined ? '' : `audio/${format}`, field);
  }
  return resolve(data, field, signal);
}
