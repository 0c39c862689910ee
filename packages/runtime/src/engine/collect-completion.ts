import type {
  ChatCompletion,
  ChatCompletionChunk,
  ContentLogprob,
  TokenExperts,
} from '../api/chat-response.ts';
import { GeneratorProtocolError } from './errors.ts';

/** The whole answer from its chunks. */
export async function collectCompletion(chunks: AsyncIterable<ChatCompletionChunk>): Promise<ChatCompletion> {
  let content = '';
  let seed = 0;
  let logprobs: ContentLogprob[] | undefined;
  let experts: TokenExperts[] | undefined;
  const tokenIds: number[] = [];
  for await (const chunk of chunks) {
    const [choice] = chunk.choices;
    seed = chunk.seed ?? seed;
    content += choice.delta.content ?? '';
    tokenIds.push(...choice.token_ids);
    if (choice.logprobs) (logprobs ??= []).push(...choice.logprobs.content);
    if (choice.experts) (experts ??= []).push(...choice.experts);
    if (choice.finish_reason === null) continue;
    const { id, created, model, usage, timings } = chunk;
    return {
      id,
      object: 'chat.completion',
      created,
      model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content },
          logprobs: logprobs ? { content: logprobs } : null,
          finish_reason: choice.finish_reason,
          token_ids: tokenIds,
          ...(experts ? { experts } : {}),
        },
      ],
      usage: usage!,
      timings: timings!,
      seed,
    };
  }
  throw new GeneratorProtocolError('ended without a finish reason');
}
