import { basename } from 'node:path';
import type { ReferenceConfig } from '../config/reference-config.ts';
import { ExportError, formatShape } from '../errors.ts';
import type { JsonObject } from '../read/json.ts';
import type { SourceTensor, SourceTensors } from '../read/source-tensor.ts';
import {
  decoderTensorSpecs,
  EMBEDDING,
  findMoeLayers,
  HEAD,
  type DecoderTensorSpec,
} from './decoder-tensors.ts';
import { FirstRowsTensor, Float16Tensor, LoraMergedTensor, type LoraPair } from './derived-tensors.ts';
import { dropReason, GATE_DROPS, MODEL_DROPS, type DropRule } from './drop-rules.ts';
import type { MappingLedger } from './ledger.ts';
import { checkAdapterFits, type LoraAdapter } from './lora-adapter.ts';
import { rewriteTrainableKeys } from './trainable-keys.ts';

/** The reference's files, each opened but not read. */
export interface UniMoeSources {
  readonly base: { readonly folder: string; readonly tensors: SourceTensors };
  readonly nonLoraTrainables: SourceTensors;
  readonly adapter: LoraAdapter & { readonly configFile: string };
  readonly audioAligner: SourceTensors;
  /** mlp_gates.bin, which not every folder has. */
  readonly gates: SourceTensors | undefined;
}

export interface UniMoeMappingOptions {
  readonly lora: 'merge' | 'keep';
  /** Entries of the tokenizer; decides the rows of embedding and head. */
  readonly tokenizerLength: number;
  /** For error messages. */
  readonly configFile: string;
}

/** A tensor of the decoder as it is to be written. */
export interface DecoderTensor extends DecoderTensorSpec {
  /** Values after the whole chain of precedence, merge and rounding. */
  readonly tensor: SourceTensor;
}

export interface UniMoeMapping {
  readonly decoder: readonly DecoderTensor[];
  readonly moeLayers: readonly number[];
  /** `model.mm_projector.*`, `model.query_tokens`, `model.mm_audio_aligner.*` after precedence, as on disk. */
  readonly connectors: SourceTensors;
  /** Present when LoRA is kept: what to write, by peft's names. */
  readonly adapter: { readonly config: JsonObject; readonly tensors: SourceTensors } | undefined;
}

/** A tensor on its way through the loading steps; the last writer wins. */
interface Slot {
  tensor: SourceTensor;
  lora?: { readonly module: string; readonly pair: LoraPair };
}

const CONNECTOR = /^model\.(mm_projector\.|query_tokens$|mm_audio_aligner\.)/;

/**
 * Follows the reference's loader for the speech family step by step: base shards cast to float16,
 * non_lora_trainables.bin, LoRA merge, mm_audio_aligner.bin, mlp_gates.bin, resize to the tokenizer. Unlike the
 * loader it fails if a tensor is missing, unknown or of another shape.
 */
export function mapUniMoeLlama(
  sources: UniMoeSources,
  config: ReferenceConfig,
  options: UniMoeMappingOptions,
  ledger: MappingLedger,
): UniMoeMapping {
  const { base, adapter } = sources;
  const moeLayers = findMoeLayers(base.tensors.keys(), config, base.folder);
  const specs = decoderTensorSpecs(config, moeLayers);
  const mapping = new LoadingSteps(specs, config, options, ledger);
  mapping.load(base.tensors, MODEL_DROPS);
  mapping.load(rewriteTrainableKeys(sources.nonLoraTrainables), MODEL_DROPS);
  mapping.attachLora(adapter);
  mapping.load(sources.audioAligner, MODEL_DROPS);
  if (sources.gates) mapping.load(sources.gates, [...MODEL_DROPS, ...GATE_DROPS]);
  return { ...mapping.finish(base.folder, adapter.config), moeLayers: [...moeLayers] };
}

class LoadingSteps {
  readonly #specs: ReadonlyMap<string, DecoderTensorSpec>;
  readonly #slots = new Map<string, Slot>();
  readonly #config: ReferenceConfig;
  readonly #options: UniMoeMappingOptions;
  readonly #ledger: MappingLedger;

  constructor(
    specs: readonly DecoderTensorSpec[],
    config: ReferenceConfig,
    options: UniMoeMappingOptions,
    ledger: MappingLedger,
  ) {
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
    this.#config = config;
    this.#options = options;
    this.#ledger = ledger;
  }

  /** Puts a file's tensors in place of those of the same name. */
  load(tensors: SourceTensors, drops: readonly DropRule[]): void {
    for (const [name, tensor] of tensors) {
      const reason = this.#dropReason(name, drops);
      if (reason !== undefined) {
        this.#ledger.record(tensor, 'dropped', reason);
        continue;
      }
      this.#checkKnown(name, tensor);
      this.#replace(name, tensor);
    }
  }

  attachLora(adapter: LoraAdapter & { readonly configFile: string }): void {
    const linear = new Map<string, readonly number[]>();
    for (const { name, shape } of this.#specs.values()) {
      if (shape.length === 2 && name !== EMBEDDING) linear.set(name.slice(0, -'.weight'.length), shape);
    }
    checkAdapterFits(adapter, linear, adapter.configFile);
    for (const [module, pair] of adapter.modules) {
      const slot = this.#slots.get(`${module}.weight`);
      // A weight that no file supplied so far is reported as missing at the end.
      if (slot) slot.lora = { module, pair };
    }
  }

  finish(baseFolder: string, adapterConfig: JsonObject): Omit<UniMoeMapping, 'moeLayers'> {
    const decoder: DecoderTensor[] = [];
    const connectors = new Map<string, SourceTensor>();
    const kept = new Map<string, SourceTensor>();
    const keptModules: string[] = [];
    for (const spec of this.#specs.values()) {
      const slot = this.#slots.get(spec.name);
      if (!slot) {
        throw new ExportError(
          'TENSOR_MISSING',
          `no file supplies it, expected shape ${formatShape(spec.shape)}`,
          {
            file: baseFolder,
            tensor: spec.name,
          },
        );
      }
      decoder.push({ ...spec, ...this.#finishTensor(spec, slot) });
      if (slot.lora && this.#options.lora === 'keep') {
        keptModules.push(slot.lora.module);
        for (const matrix of this.#keepLora(slot.lora)) kept.set(matrix.name, matrix);
      }
    }
    for (const [name, { tensor }] of this.#slots) if (CONNECTOR.test(name)) connectors.set(name, tensor);
    const adapter =
      this.#options.lora === 'keep'
        ? {
            config: { ...adapterConfig, base_model_name_or_path: null, target_modules: keptModules },
            tensors: kept,
          }
        : undefined;
    return { decoder, connectors, adapter };
  }

  #finishTensor(
    spec: DecoderTensorSpec,
    { tensor, lora }: Slot,
  ): { shape: readonly number[]; tensor: SourceTensor } {
    this.#ledger.record(tensor, 'used', spec.name);
    let result: SourceTensor = new Float16Tensor(tensor);
    if (lora && this.#options.lora === 'merge') {
      result = new LoraMergedTensor(result, lora.pair);
      for (const matrix of [lora.pair.a, lora.pair.b])
        this.#ledger.record(matrix, 'lora', `merged into ${spec.name}`);
    }
    if (!isVocabularyMatrix(spec.name)) return { shape: spec.shape, tensor: result };
    const rows = this.#vocabularyRows(tensor);
    return {
      shape: [rows, spec.shape[1]!],
      tensor: rows === tensor.shape[0] ? result : new FirstRowsTensor(result, rows),
    };
  }

  /** Surplus rows are cut; the reference would fill missing ones at random. */
  #vocabularyRows({ name, shape, file }: SourceTensor): number {
    const wanted = this.#options.tokenizerLength;
    const found = shape[0]!;
    if (found >= wanted) return wanted;
    throw new ExportError(
      'VOCABULARY_ROWS_MISSING',
      `has ${found} rows, but the tokenizer has ${wanted} entries. The reference would fill the missing rows with random numbers. ` +
        `Either set mm_use_im_patch_token and mm_use_im_start_end to false in ${this.#options.configFile} (and remove added tokens that the model was not trained with from the base folder), ` +
        `or supply ${EMBEDDING} and ${HEAD} with ${wanted} rows in the fine-tuned folder's non_lora_trainables.bin`,
      { file, tensor: name },
    );
  }

  #keepLora({ module, pair }: { module: string; pair: LoraPair }): SourceTensor[] {
    if (`${module}.weight` === HEAD) {
      throw new ExportError(
        'ADAPTER_INVALID',
        'an adapter of the head cannot be kept; export with --merge-lora',
        {
          file: pair.a.file,
          tensor: pair.a.name,
        },
      );
    }
    const matrices = [pair.a, pair.b];
    for (const matrix of matrices) this.#ledger.record(matrix, 'lora', 'kept as adapter');
    return matrices;
  }

  #dropReason(name: string, drops: readonly DropRule[]): string | undefined {
    if (name === HEAD && this.#config.tie_word_embeddings) return 'tied: the embedding is the head';
    return dropReason(name, drops);
  }

  #checkKnown(name: string, tensor: SourceTensor): void {
    if (CONNECTOR.test(name)) return;
    const spec = this.#specs.get(name);
    const where = { file: tensor.file, tensor: tensor.name };
    if (!spec) {
      throw new ExportError(
        'TENSOR_SURPLUS',
        `the model described by ${this.#options.configFile} has no such tensor`,
        where,
      );
    }
    const { shape } = tensor;
    const fits = shape.length === spec.shape.length && shape.every((size, d) => size === spec.shape[d]);
    const fitsVocabulary =
      isVocabularyMatrix(name) &&
      shape.length === 2 &&
      shape[0] === this.#options.tokenizerLength &&
      shape[1] === spec.shape[1];
    if (fits || fitsVocabulary) return;
    throw new ExportError(
      'TENSOR_SHAPE',
      `shape ${formatShape(shape)}, but ${this.#options.configFile} asks for ${formatShape(spec.shape)}`,
      where,
    );
  }

  #replace(name: string, tensor: SourceTensor): void {
    const previous = this.#slots.get(name);
    if (previous) {
      const by = `replaced by ${basename(tensor.file)}`;
      this.#ledger.record(previous.tensor, 'overridden', by);
      if (previous.lora) {
        const { a, b } = previous.lora.pair;
        for (const matrix of [a, b])
          this.#ledger.record(matrix, 'dropped', `its weight is ${by} after the merge`);
      }
    }
    this.#slots.set(name, { tensor });
  }
}

function isVocabularyMatrix(name: string): boolean {
  return name === EMBEDDING || name === HEAD;
}
