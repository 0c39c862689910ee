import type {
  ChatCompletionChunk,
  ChunkChoice,
  ContentLogprob,
  FinishReason,
  Timings,
  Usage,
} from '../api/chat-response.ts';
import { abortable } from './abortable.ts';
import type { ChatTask } from './chat-task.ts';
import { nowMs } from './clock.ts';
import { GeneratorProtocolError } from './errors.ts';
import { StopFilter } from './stop-filter.ts';
import type { PromptProcessed, TokenGenerated, TokenGenerator } from './token-generator.ts';

/**
 * Runs one task on a model and gives its answer chunk by chunk: one per token, the last with finish reason, usage and
 * timings. Text that may belong to a stop string is held back until that is decided. Leaving the loop early stops the
 * generator; so does the signal, with an `AbortedError`.
 */
export async function* runChat(
  generator: TokenGenerator,
  task: ChatTask,
  signal: AbortSignal,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  const answer = new Answer(generator, task);
  yield answer.first();
  for await (const event of abortable(generator.generate(task.prompt, task.settings, signal), signal)) {
    if (event.type === 'prompt') {
      answer.prompt = event;
      continue;
    }
    const choice = answer.add(event);
    if (choice.finish_reason !== null) {
      yield answer.last(choice);
      return;
    }
    yield answer.chunk(choice);
  }
  // The generator ended by itself: the context is full.
  yield answer.last(answer.finish('length', []));
}

/** The state of an answer in the making. */
class Answer {
  prompt: PromptProcessed | undefined;
  readonly #generator: TokenGenerator;
  readonly #task: ChatTask;
  readonly #text;
  readonly #stops: StopFilter;
  readonly #created = Math.floor(Date.now() / 1000);
  #tokens = 0;
  #firstTokenMs = 0;
  #lastTokenMs = 0;

  constructor(generator: TokenGenerator, task: ChatTask) {
    this.#generator = generator;
    this.#task = task;
    this.#text = generator.textStream();
    this.#stops = new StopFilter(task.stop);
  }

  first(): ChatCompletionChunk {
    const choice: ChunkChoice = {
      index: 0,
      delta: { role: 'assistant', content: '' },
      logprobs: null,
      finish_reason: null,
      token_ids: [],
    };
    return { ...this.chunk(choice), seed: this.#task.settings.seed };
  }

  add(token: TokenGenerated): ChunkChoice {
    this.#lastTokenMs = nowMs();
    if (this.#tokens++ === 0) this.#firstTokenMs = this.#lastTokenMs;
    if (this.#generator.eosTokenIds.includes(token.id)) return this.finish('stop', [token]);
    const { text, stopped } = this.#stops.push(this.#text.push(token.id));
    if (stopped) return this.#choice(text, 'stop', [token]);
    if (this.#tokens >= this.#task.settings.maxTokens) return this.finish('length', [token], text);
    return this.#choice(text, null, [token]);
  }

  /** The end without a stop string in the text so far; one may still turn up in what was held back. */
  finish(reason: FinishReason, tokens: readonly TokenGenerated[], text = ''): ChunkChoice {
    const { text: end, stopped } = this.#stops.push(this.#text.finish());
    const rest = stopped ? '' : this.#stops.finish();
    return this.#choice(text + end + rest, stopped ? 'stop' : reason, tokens);
  }

  chunk(choice: ChunkChoice): ChatCompletionChunk {
    const { id, model } = this.#task;
    return { id, object: 'chat.completion.chunk', created: this.#created, model, choices: [choice] };
  }

  last(choice: ChunkChoice): ChatCompletionChunk {
    return { ...this.chunk(choice), usage: this.#usage(), timings: this.#timings() };
  }

  #choice(content: string, reason: FinishReason | null, tokens: readonly TokenGenerated[]): ChunkChoice {
    const { expertUsage, topLogprobs } = this.#task.settings;
    return {
      index: 0,
      delta: content === '' ? {} : { content },
      logprobs: topLogprobs < 0 ? null : { content: tokens.map((token) => this.#logprob(token)) },
      finish_reason: reason,
      token_ids: tokens.map(({ id }) => id),
      ...(expertUsage
        ? { experts: tokens.map(({ id, experts = [] }) => ({ token_id: id, layers: experts })) }
        : {}),
    };
  }

  #logprob({ id, logprob = -Infinity, topLogprobs = [] }: TokenGenerated): ContentLogprob {
    const describe = (of: number, value: number) => ({
      ...this.#generator.describeToken(of),
      logprob: value,
    });
    return {
      ...describe(id, logprob),
      top_logprobs: topLogprobs.map((top) => describe(top.id, top.logprob)),
    };
  }

  #usage(): Usage {
    const { promptTokens, cachedTokens } = this.#processed();
    return {
      prompt_tokens: promptTokens,
      completion_tokens: this.#tokens,
      total_tokens: promptTokens + this.#tokens,
      prompt_tokens_details: { cached_tokens: cachedTokens },
    };
  }

  #timings(): Timings {
    const { encodeMs, prefillMs } = this.#processed();
    const { startedMs } = this.#task;
    const decodeMs = this.#lastTokenMs - this.#firstTokenMs;
    return {
      firstTokenMs: this.#tokens === 0 ? 0 : this.#firstTokenMs - startedMs,
      encodeMs,
      prefillMs,
      decodeMs,
      tokensPerSecond: decodeMs > 0 ? ((this.#tokens - 1) * 1000) / decodeMs : 0,
      totalMs: nowMs() - startedMs,
    };
  }

  #processed(): PromptProcessed {
    if (!this.prompt) throw new GeneratorProtocolError('yielded no prompt event before its end');
    return this.prompt;
  }
}
