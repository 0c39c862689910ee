import type { Tensor } from '@uni-moe-web/kernels';
import type { DecoderPrompt } from '../decoder/prompt.ts';
import { Sampler } from '../decoder/sampler.ts';
import { Taps } from '../decoder/taps.ts';
import type { LoadedModel } from '../engine/load-model.ts';
import {
  modalityContext,
  prepareMedia,
  spliceSequence,
  type MediaSources,
  type PreparedFile,
} from '../engine/prepare-prompt.ts';
import type { ModalityName } from '../modalities/modality.ts';
import { tokenizePrompt } from '../models/prompt.ts';
import type { ReferenceTurn } from '../models/reference-prompts.ts';
import { referencePrompts } from '../models/reference-registry.ts';
import type { TowerTensor } from '../towers/index.ts';
import { GREEDY } from './greedy.ts';

/** A recorded request: turns with live placeholder literals, and the files that they stand for. */
export interface ReferenceConversation {
  readonly conversations: readonly ReferenceTurn[];
  readonly media: MediaSources;
}

/** A stage's values, row-major. */
export interface InspectedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint32Array;
}

/** One file's tower input and outputs, by the names of the recorded tensors (`pixel_values`, `tower`, `projector`, ...). */
export type InspectedMedia = Record<string, InspectedTensor>;

/** A conversation made ready for the decoder, with everything that was computed on the way. */
export interface PreparedConversation {
  readonly prompt: DecoderPrompt;
  /** Stages before the decoder, by the names of the recorded tensors. */
  readonly stages: ReadonlyMap<string, InspectedTensor>;
  dispose(): void;
}

/** Outputs of each tower beside its embeddings. */
const TOWER_TAPS = { vision: ['tower'], audio: ['encoder', 'aligner'] } as const;
const INPUT_NAMES: Readonly<Record<string, string>> = {
  pixel_values: 'pixel_values',
  input_features: 'log_mel',
};

/** Runs a loaded model stage by stage and reads everything out. */
export class Inspector {
  readonly #model: LoadedModel;
  readonly #sampler: Sampler;

  constructor(model: LoadedModel) {
    this.#model = model;
    this.#sampler = new Sampler(model.gpu, model.decoder.shape.vocabSize);
  }

  /** Tokenises, preprocesses and encodes a recorded request. */
  async prepare({ conversations, media }: ReferenceConversation): Promise<PreparedConversation> {
    const { checkpoint, tokenizer, encoder } = this.#model;
    const stages = new Map<string, InspectedTensor>();
    const files = await prepareMedia(media, modalityContext(checkpoint));
    const hasMedia = Object.values(files).some((list) => list.length > 0);
    const reference = referencePrompts(checkpoint.config);
    const elements = reference.parse(conversations, tokenizer, hasMedia);
    const segments = tokenizePrompt(elements, tokenizer);
    const ids = Int32Array.from(reference.toIds(segments));
    stages.set('input_ids', { shape: [ids.length], values: ids });

    const { sequence, spans } = spliceSequence(segments, files);
    const embedded: { start: number; embeddings: Tensor }[] = [];
    const collected: { readonly kind: ModalityName; readonly stages: InspectedMedia }[] = [];
    for (const { kind, start, file } of spans) {
      const { embeddings, taps } = await encoder.encode(file.media, TOWER_TAPS[file.media.tower]);
      embedded.push({ start, embeddings });
      collected.push({ kind, stages: await this.#mediaStages(kind, file, embeddings, taps) });
    }
    for (const kind of ['image', 'audio', 'video'] as const) {
      const ofKind = collected.filter((entry) => entry.kind === kind).map((entry) => entry.stages);
      for (const name of Object.keys(ofKind[0] ?? {})) {
        stages.set(`${kind}.${name}`, concatenate(ofKind.map((entry) => entry[name]!)));
      }
    }
    if (files.audio.length > 0) stages.set('audio.chunk_file', chunkFiles(files.audio));
    return {
      prompt: { ids: sequence.ids, spans: embedded },
      stages,
      dispose: () => embedded.forEach(({ embeddings }) => embeddings.buffer.destroy()),
    };
  }

  /** Every stage of a pass over the whole prompt; see {@link Taps}. */
  async forward(prompt: DecoderPrompt): Promise<Map<string, InspectedTensor>> {
    const taps = new Taps(this.#model.gpu);
    try {
      this.#model.decoder.inspect(prompt, taps);
      return await taps.take();
    } finally {
      taps.dispose();
    }
  }

  /** Greedy ids through the prefill and decode passes that chatting uses, with the logits `[steps, V]` each was taken from. */
  async greedy(prompt: DecoderPrompt, steps: number): Promise<{ ids: Uint32Array; logits: Float32Array }> {
    const { decoder, gpu } = this.#model;
    this.#sampler.begin(GREEDY, prompt.ids, new Map());
    const ids: number[] = [];
    const logits = new Float32Array(steps * decoder.shape.vocabSize);
    const collect = async (): Promise<void> => {
      logits.set(
        new Float32Array(await gpu.read(decoder.workspace.logits)),
        ids.length * decoder.shape.vocabSize,
      );
      ids.push(new Uint32Array(await gpu.read(decoder.workspace.token))[0]!);
    };
    await decoder.prefill(prompt, 0, {
      sampler: (list, step) => this.#sampler.record(list, step, false),
    });
    await collect();
    const step = decoder.recordStep((list, tensors) => this.#sampler.record(list, tensors, false));
    while (ids.length < steps && ids.at(-1) !== this.#model.tokenizer.eosId) {
      step.submit();
      await collect();
    }
    step.dispose();
    return { ids: Uint32Array.from(ids), logits: logits.subarray(0, ids.length * decoder.shape.vocabSize) };
  }

  dispose(): void {
    this.#sampler.dispose();
  }

  async #mediaStages(
    kind: ModalityName,
    { media }: PreparedFile,
    embeddings: Tensor,
    taps: Readonly<Record<string, TowerTensor>>,
  ): Promise<InspectedMedia> {
    const stages: InspectedMedia = {
      [INPUT_NAMES[media.input.name]!]: { shape: media.input.shape, values: media.input.data },
    };
    for (const [name, tensor] of Object.entries(taps)) {
      stages[name] = { shape: tensor.shape, values: await this.#read(tensor) };
      tensor.dispose();
    }
    const batch = media.combine === 'mean' ? 1 : media.input.shape[0]!;
    const [rows = 0, hidden = 0] = embeddings.shape;
    const values = new Float32Array(await this.#model.gpu.read(embeddings));
    stages[kind === 'video' ? 'mean' : 'projector'] =
      kind === 'video' ? { shape: [rows, hidden], values } : { shape: [batch, rows / batch, hidden], values };
    return stages;
  }

  async #read(tensor: TowerTensor): Promise<Float32Array> {
    if (tensor.location === 'cpu') return tensor.data;
    const view: Tensor = { buffer: tensor.buffer, offsetBytes: 0, shape: tensor.shape, dtype: 'f32' };
    return new Float32Array(await this.#model.gpu.read(view));
  }
}

/** Joins tensors along the first dimension. */
function concatenate(tensors: readonly InspectedTensor[]): InspectedTensor {
  const [first] = tensors;
  const values = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.values.length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    values.set(tensor.values, offset);
    offset += tensor.values.length;
  }
  const batch = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
  return { shape: [batch, ...first!.shape.slice(1)], values };
}

/** 1-based number of the file that each chunk belongs to. */
function chunkFiles(files: readonly PreparedFile[]): InspectedTensor {
  const values = Int32Array.from(
    files.flatMap(({ media }, i) => Array.from({ length: media.input.shape[0]! }, () => i + 1)),
  );
  return { shape: [values.length], values };
}
