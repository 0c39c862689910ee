import { firstRows, type Tensor } from '@uni-moe-web/kernels';
import type { Decoder } from '../decoder/decoder.ts';
import { commonPrefix, type DecoderPrompt } from '../decoder/prompt.ts';
import { StagingRing } from '../decoder/staging-ring.ts';
import type { LoadedModel } from '../engine/load-model.ts';
import type { MediaEncoder } from '../engine/media-encoder.ts';
import type { ModalityName, PreparedMedia } from '../modalities/modality.ts';
import { modelFamily } from '../models/registry.ts';
import { tokenizePrompt, type PromptTurnPart } from '../models/prompt.ts';

/** What a row of a prompt holds; `opening` is the text that every prompt begins with, up to the first user's own part. */
export type PromptRowKind = 'opening' | 'text' | ModalityName;

/** Rows of a prompt that went through the decoder together, with the experts that they were routed to. */
export interface RoutedRows {
  /** Position of the first row in the prompt. */
  readonly start: number;
  /** One per row. */
  readonly kinds: readonly PromptRowKind[];
  /** One entry per mixture layer: expert ids `[rows, topK]`, by falling router logit. */
  readonly layers: readonly { readonly layer: number; readonly experts: Uint32Array }[];
}

/**
 * Watches which experts the rows of prompts go to. It copies the ids out of the decoder's routing buffers behind each
 * chunk of a prompt, from the outside: a model that nobody watches has nothing of it. One watcher per model, for its life.
 */
export class PromptExperts {
  readonly #decoder: Decoder;
  readonly #staging: StagingRing;
  readonly #opening: number;
  readonly #kindOf = new WeakMap<Tensor, ModalityName>();
  #chunks: Promise<RoutedRows>[] = [];

  constructor(model: LoadedModel) {
    const { decoder, encoder, gpu } = model;
    this.#decoder = decoder;
    this.#staging = new StagingRing(gpu.device);
    this.#opening = openingLength(model);
    this.#watchEncoder(encoder);
    this.#watchPrefill(decoder);
  }

  /** What has run since the last call, in order. Rows that the cache held already did not run. */
  async take(): Promise<RoutedRows[]> {
    const chunks = this.#chunks;
    this.#chunks = [];
    return Promise.all(chunks);
  }

  dispose(): void {
    this.#staging.dispose();
  }

  #watchEncoder(encoder: MediaEncoder): void {
    const encode = encoder.encode.bind(encoder);
    encoder.encode = async (media, ...rest) => {
      const encoded = await encode(media, ...rest);
      this.#kindOf.set(encoded.embeddings, modalityOf(media));
      return encoded;
    };
  }

  #watchPrefill(decoder: Decoder): void {
    const prefill = decoder.prefill.bind(decoder);
    decoder.prefill = (prompt, start, hooks) => {
      let first = start;
      const onSubmitted = (length: number): void => {
        this.#copyOut(prompt, first, length - first);
        first = length;
        hooks.onSubmitted?.(length);
      };
      return prefill(prompt, start, { ...hooks, onSubmitted });
    };
  }

  /** Runs behind the chunk that was just submitted and before whatever comes next. */
  #copyOut(prompt: DecoderPrompt, start: number, rows: number): void {
    const { device } = this.#decoder.gpu;
    const parts = this.#decoder.workspace.routing.flatMap((routing, layer) =>
      routing ? [{ layer, experts: firstRows(routing.experts, rows) }] : [],
    );
    if (parts.length === 0) return;
    const partBytes = 4 * rows * this.#decoder.shape.topK;
    const bytes = parts.length * partBytes;
    const staging = this.#staging.take(bytes);
    const encoder = device.createCommandEncoder();
    parts.forEach(({ experts: { buffer, offsetBytes } }, i) =>
      encoder.copyBufferToBuffer(buffer, offsetBytes, staging, i * partBytes, partBytes),
    );
    device.queue.submit([encoder.finish()]);
    const kinds = this.#rowKinds(prompt, start, rows);
    const chunk = this.#staging.read(staging, bytes).then((values) => ({
      start,
      kinds,
      layers: parts.map(({ layer }, i) => ({
        layer,
        experts: new Uint32Array(values, i * partBytes, partBytes / 4),
      })),
    }));
    // Nobody may ask for it; a lost device must not become an unhandled rejection.
    chunk.catch(() => undefined);
    this.#chunks.push(chunk);
  }

  #rowKinds({ spans }: DecoderPrompt, start: number, rows: number): PromptRowKind[] {
    const kinds = Array.from({ length: rows }, (_, row): PromptRowKind => {
      return start + row < this.#opening ? 'opening' : 'text';
    });
    for (const span of spans) {
      const kind = this.#kindOf.get(span.embeddings);
      const end = Math.min(rows, span.start + span.embeddings.shape[0]! - start);
      if (kind) for (let row = Math.max(0, span.start - start); row < end; row++) kinds[row] = kind;
    }
    return kinds;
  }
}

function modalityOf({ tower, combine }: PreparedMedia): ModalityName {
  if (tower === 'audio') return 'audio';
  return combine === 'mean' ? 'video' : 'image';
}

/** Positions that every conversation without a system message begins with: template text before the user's own. */
function openingLength({ checkpoint: { config }, tokenizer }: LoadedModel): number {
  const [first = [], second = []] = ['a', '7'].map((text) => {
    const parts: PromptTurnPart[] = [{ type: 'text', text }];
    const elements = modelFamily(config).renderPrompt([{ role: 'user', parts }], config.prompt, tokenizer);
    return tokenizePrompt(elements, tokenizer).flatMap((segment) =>
      segment.kind === 'text' ? segment.ids : [],
    );
  });
  return commonPrefix(first, second);
}
