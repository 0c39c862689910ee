import type { Checkpoint } from '../checkpoint/index.ts';
import type { Decoder } from '../decoder/decoder.ts';
import { TokenRunner } from '../decoder/token-runner.ts';
import type { StepReport } from '../decoder/step-report.ts';
import { AbortedError } from '../errors.ts';
import { tokenizePrompt, type PromptTurn } from '../models/prompt.ts';
import { modelFamily } from '../models/registry.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { MediaEncoder } from './media-encoder.ts';
import {
  modalityContext,
  prepareMedia,
  spliceSequence,
  type FilledSpan,
  type MediaSources,
} from './prepare-prompt.ts';
import type {
  ChatPrompt,
  GenerationEvent,
  GenerationSettings,
  PromptProcessed,
  TokenGenerated,
  TokenGenerator,
  TokenTextStream,
} from './token-generator.ts';

/** Continues conversations with the decoder: media through towers, text through the tokenizer, both spliced and run. */
export class DecoderGenerator implements TokenGenerator {
  readonly eosTokenIds: readonly number[];
  readonly vocabSize: number;
  readonly #checkpoint: Checkpoint;
  readonly #tokenizer: Tokenizer;
  readonly #decoder: Decoder;
  readonly #encoder: MediaEncoder;
  readonly #runner: TokenRunner;
  readonly #answers: AnswerMemory;

  /** @param answers outlives this generator when the model is loaded again. */
  constructor(
    checkpoint: Checkpoint,
    tokenizer: Tokenizer,
    decoder: Decoder,
    encoder: MediaEncoder,
    answers: AnswerMemory,
  ) {
    this.#checkpoint = checkpoint;
    this.#tokenizer = tokenizer;
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.#answers = answers;
    this.#runner = new TokenRunner(decoder);
    this.eosTokenIds = [checkpoint.generationConfig.eos_token_id];
    this.vocabSize = decoder.shape.vocabSize;
  }

  async *generate(
    prompt: ChatPrompt,
    settings: GenerationSettings,
    signal: AbortSignal,
  ): AsyncGenerator<GenerationEvent, void, undefined> {
    const context = modalityContext(this.#checkpoint);
    const files = await prepareMedia(collectMedia(prompt), context, signal);
    const { sequence, spans } = spliceSequence(this.#tokenize(prompt), files);
    this.#decoder.expectRoom(sequence.ids.length);
    const cachedTokens = this.#runner.cachedLength(sequence);
    const needed = spans.filter(({ start, length }) => start + length > cachedTokens);
    const encodeMs: { image?: number; audio?: number; video?: number } = {};
    const embedded: {
      start: number;
      embeddings: Awaited<ReturnType<MediaEncoder['encode']>>['embeddings'];
    }[] = [];
    try {
      for (const span of needed) {
        const started = performance.now();
        const { embeddings } = await this.#encoder.encode(span.file.media, [], signal);
        embedded.push({ start: span.start, embeddings });
        if (signal.aborted) throw new AbortedError('Generation');
        addTime(encodeMs, span, performance.now() - started);
      }
      const prefillStarted = performance.now();
      const run = this.#runner.run(
        sequence,
        { ids: sequence.ids, spans: embedded },
        runSettings(settings),
        signal,
      );
      const processed = (): PromptProcessed => {
        for (const { embeddings } of embedded) embeddings.buffer.destroy();
        return {
          type: 'prompt',
          promptTokens: sequence.ids.length,
          cachedTokens,
          encodeMs,
          prefillMs: performance.now() - prefillStarted,
        };
      };
      yield* this.#follow(run, processed);
    } finally {
      for (const { embeddings } of embedded) embeddings.buffer.destroy();
    }
  }

  textStream(): TokenTextStream {
    return this.#tokenizer.textStream();
  }

  describeToken(id: number): { readonly token: string; readonly bytes: readonly number[] } {
    return this.#tokenizer.describe(id);
  }

  /** Switches adapters; see {@link LoraSet.setWeights}. What the cache holds was made by the old ones and is forgotten. */
  setAdapterWeights(weights: ReadonlyMap<string, number>): void {
    this.#decoder.lora?.setWeights(weights);
    this.#runner.forget();
  }

  dispose(): void {
    this.#runner.dispose();
  }

  async *#follow(
    run: AsyncIterable<StepReport>,
    processed: () => PromptProcessed,
  ): AsyncGenerator<GenerationEvent, void, undefined> {
    const ids: number[] = [];
    try {
      for await (const { id, ...report } of run) {
        if (ids.length === 0) yield processed();
        const isEnd = this.eosTokenIds.includes(id);
        ids.push(id);
        yield { type: 'token', id, ...report } satisfies TokenGenerated;
        if (isEnd) return;
      }
    } finally {
      const answer = ids.filter((id) => !this.eosTokenIds.includes(id));
      if (answer.length > 0) this.#answers.set(this.#tokenizer.decode(answer), answer);
    }
  }

  #tokenize(prompt: ChatPrompt) {
    const turns = prompt.map(({ role, parts }): PromptTurn => {
      const [only] = parts;
      const ids =
        role === 'assistant' && parts.length === 1 && only?.type === 'text'
          ? this.#answers.get(only.text)
          : undefined;
      if (ids) return { role, parts: [{ type: 'tokens', ids }] };
      return { role, parts: parts.map((part) => (part.type === 'text' ? part : { type: part.type })) };
    });
    const { config } = this.#checkpoint;
    return tokenizePrompt(
      modelFamily(config).renderPrompt(turns, config.prompt, this.#tokenizer),
      this.#tokenizer,
    );
  }
}

function collectMedia(prompt: ChatPrompt): MediaSources {
  const parts = prompt.flatMap((turn) => turn.parts);
  return {
    image: parts.flatMap((part) => (part.type === 'image' ? [part.image] : [])),
    audio: parts.flatMap((part) => (part.type === 'audio' ? [part.audio] : [])),
    video: parts.flatMap((part) => (part.type === 'video' ? [part.video] : [])),
  };
}

function runSettings(settings: GenerationSettings) {
  const { expertUsage, ...rest } = settings;
  return { ...rest, experts: expertUsage };
}

function addTime(
  times: { image?: number; audio?: number; video?: number },
  { kind, file }: FilledSpan,
  towerMs: number,
): void {
  times[kind] = (times[kind] ?? 0) + file.elapsedMs + towerMs;
}
