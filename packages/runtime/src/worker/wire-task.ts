import type { ChatTask } from '../engine/chat-task.ts';
import type { PromptPart } from '../engine/token-generator.ts';
import type { ImageSource } from '../modalities/image/decode.ts';
import { loadMedia } from '../engine/load-media.ts';
import { isList } from '../is-list.ts';

/** A task whose media can be posted, with the buffers to move. */
export interface WireTask {
  readonly task: ChatTask;
  readonly transfer: readonly ArrayBuffer[];
}

/**
 * Makes a task fit for a worker. What a worker cannot decode (compressed sound, video files) or be sent (elements of the
 * page, `AudioBuffer`) is decoded here; the caller's own media are never moved away.
 */
export async function toWireTask(task: ChatTask, signal: AbortSignal): Promise<WireTask> {
  const transfer: ArrayBuffer[] = [];
  const prompt = [];
  for (const { role, parts } of task.prompt) {
    const wired: PromptPart[] = [];
    for (const part of parts) wired.push(await toWirePart(part, transfer, signal));
    prompt.push({ role, parts: wired });
  }
  return { task: { ...task, prompt }, transfer };
}

async function toWirePart(
  part: PromptPart,
  transfer: ArrayBuffer[],
  signal: AbortSignal,
): Promise<PromptPart> {
  if (part.type === 'audio') {
    const { MODALITIES } = await loadMedia();
    const audio = await MODALITIES.audio.decode(part.audio, signal);
    transfer.push(...MODALITIES.audio.transferables(audio));
    return { type: 'audio', audio };
  }
  if (part.type === 'image') return { type: 'image', image: await toWireImage(part.image, transfer, signal) };
  if (part.type === 'text') return part;
  if (isList(part.video)) {
    const frames: ImageSource[] = [];
    for (const frame of part.video) frames.push(await toWireImage(frame, transfer, signal));
    return { type: 'video', video: frames };
  }
  const { MODALITIES } = await loadMedia();
  const frames = await MODALITIES.video.decode(part.video, signal);
  transfer.push(...MODALITIES.video.transferables(frames));
  return { type: 'video', video: frames };
}

async function toWireImage(
  image: ImageSource,
  transfer: ArrayBuffer[],
  signal: AbortSignal,
): Promise<ImageSource> {
  if (canBePosted(image)) return image;
  const { MODALITIES } = await loadMedia();
  const decoded = await MODALITIES.image.decode(image, signal);
  transfer.push(...MODALITIES.image.transferables(decoded));
  return decoded;
}

/** Structured cloning copies these; elements and canvases it refuses. */
function canBePosted(image: ImageSource): boolean {
  if (image instanceof Blob || Object.getPrototypeOf(image) === Object.prototype) return true;
  return ['ImageBitmap', 'ImageData', 'VideoFrame'].includes(
    Object.prototype.toString.call(image).slice(8, -1),
  );
}
