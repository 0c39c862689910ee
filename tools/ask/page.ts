import { createEngine, type UserContentPart } from '@uni-moe-web/runtime';
import type { AskAnswer, AskRequest } from './protocol.ts';

globalThis.ask = async ({
  checkpoint,
  question,
  images,
  audio,
  frames,
  settings,
}: AskRequest): Promise<AskAnswer> => {
  const engine = await createEngine(checkpoint, { cache: 'none' });
  try {
    const content: UserContentPart[] = [
      ...images.map((url) => ({ type: 'image_url', image_url: { url } }) as const),
      ...audio.map(
        (data) => ({ type: 'input_audio', input_audio: { data: new URL(data, location.href) } }) as const,
      ),
      ...(frames.length > 0 ? [{ type: 'video_url', video_url: { url: frames } } as const] : []),
      { type: 'text', text: question },
    ];
    const chunks = await engine.chat.completions.create({
      messages: [{ role: 'user', content }],
      stream: true,
      ...settings,
    });
    let text = '';
    const tokenIds: number[] = [];
    let last: Pick<AskAnswer, 'usage' | 'timings' | 'finishReason'> = { finishReason: null };
    for await (const { choices, usage, timings } of chunks) {
      const [{ delta, token_ids: ids, finish_reason: finishReason }] = choices;
      text += delta.content ?? '';
      tokenIds.push(...ids);
      if (delta.content) await globalThis.onAnswerText(delta.content);
      last = { finishReason, ...(usage && { usage }), ...(timings && { timings }) };
    }
    return { text, tokenIds, memory: engine.info.memory, ...last };
  } finally {
    await engine.dispose();
  }
};
