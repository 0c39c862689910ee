import {
  decodeAudio,
  Inspector,
  loadModel,
  parseSafetensors,
  preprocessAudio,
  type InspectedTensor,
  type LoadedModel,
  type ParsedTensor,
} from '@uni-moe-web/runtime/inspect';
import { decoderOracle, quality, readOracleWeights, type OracleWeights } from '@uni-moe-web/runtime/testing';
import {
  BOUNDS,
  compareAbsolute,
  compareTensor,
  measure,
  type NumberArray,
  type TensorResult,
} from './compare.ts';
import type { CaseInput, CaseResult } from './result.ts';

interface OpenModel {
  readonly model: LoadedModel;
  readonly inspector: Inspector;
  readonly weights: OracleWeights;
}

let opened: OpenModel | undefined;

globalThis.parity = {
  async open({ checkpoint, towers }) {
    const model = await loadModel(checkpoint, {
      towers,
      cache: 'none',
      activationType: 'f32',
      cacheType: 'f32',
    });
    opened = { model, inspector: new Inspector(model), weights: await readOracleWeights(model.checkpoint) };
  },
  async run(input) {
    if (!opened) throw new Error('no checkpoint is open');
    return runCase(opened, input);
  },
};

async function runCase(
  { model, inspector, weights }: OpenModel,
  { name, folder, request, bounds }: CaseInput,
): Promise<CaseResult> {
  const expected = parseSafetensors(name, await fetchBytes(`${folder}expected.safetensors`));
  const blob = async (path: string): Promise<Blob> => new Blob([await fetchBytes(folder + path)]);
  const blobs = (paths: readonly string[]): Promise<Blob[]> => Promise.all(paths.map(blob));

  // The exact comparison starts behind the resampler, which cannot be reproduced bit for bit.
  const recorded = expected.get('audio.waveform_16k');
  const audioFiles = await blobs(request.audio);
  const audio = recorded
    ? [{ samples: toNumbers(recorded) as Float32Array<ArrayBuffer>, sampleRate: 16000 }]
    : audioFiles;
  const video = await blobs(request.video);
  const prepared = await inspector.prepare({
    conversations: request.conversations,
    media: { image: await blobs(request.images), audio, video: video.length > 0 ? [video] : [] },
  });
  const forward = await inspector.forward(prepared.prompt);
  const { ids, logits } = await inspector.greedy(prepared.prompt, request.max_new_tokens);
  const expectedIds = toNumbers(expected.get('generated.ids')!);

  const actual = new Map<string, NumberArray>();
  for (const [key, { values }] of [...prepared.stages, ...forward]) actual.set(key, values);
  actual.set('generated.ids', ids);
  actual.set('generated.logits', logits);
  addDerived(actual, expected, logits, model.decoder.shape.vocabSize);
  const reference = compareAll(actual, expected, bounds);
  if (recorded && bounds === 'exact')
    reference.push(await compareResampling(audioFiles[0]!, recorded, model));

  const oracle = compareOracle(model, weights, forward);
  const full = expected.get('generated.logits');
  const agreed = leadingAgreement(ids, expectedIds);
  const forced =
    full && (await forcedLogits(inspector, prepared.prompt, expectedIds, model.decoder.shape.vocabSize));
  prepared.dispose();
  return {
    name,
    reference,
    oracle,
    idAgreement: { agreed, total: expectedIds.length },
    ...(forced ? { quality: quality(forced, toNumbers(full), model.decoder.shape.vocabSize) } : {}),
    text: model.tokenizer.decode(ids),
    passed: [...reference, ...oracle].every(({ passed }) => passed),
  };
}

/** Recorded tensors that follow from ours: the head of the log-mel, and the five best logits of each step. */
function addDerived(
  actual: Map<string, NumberArray>,
  expected: ReadonlyMap<string, ParsedTensor>,
  logits: Float32Array,
  vocabSize: number,
): void {
  const head = expected.get('audio.log_mel_head');
  const mel = actual.get('audio.log_mel');
  if (head && mel) {
    const [, rows = 0, frames = 0] = head.shape;
    const total = mel.length / rows;
    actual.set(
      'audio.log_mel_head',
      Float32Array.from(
        { length: rows * frames },
        (_, i) => mel[Math.floor(i / frames) * total + (i % frames)]!,
      ),
    );
  }
  const top = expected.get('generated.top5_ids');
  if (!top) return;
  const values = toNumbers(top);
  // Two of five logits may lie closer than rounding; what counts is the logit under the recorded id.
  actual.set('generated.top5_ids', values);
  actual.set(
    'generated.top5_logits',
    Float32Array.from(values, (id, i) => logits[Math.floor(i / 5) * vocabSize + id]!),
  );
}

function compareAll(
  actual: ReadonlyMap<string, NumberArray>,
  expected: ReadonlyMap<string, ParsedTensor>,
  bounds: CaseInput['bounds'],
): TensorResult[] {
  const results: TensorResult[] = [];
  for (const [name, tensor] of expected) {
    if (name === 'audio.waveform_16k' || name === 'generated.top5_ids') continue;
    // The projector's rows of single frames are averaged on the GPU and not kept.
    if (name === 'video.projector') continue;
    const result = compareTensor(name, actual.get(name), toNumbers(tensor));
    if (bounds === 'exact') results.push(result);
    else if (bounds === 'unmerged' && /^logits$|top5_logits$/.test(name)) {
      results.push(compareAbsolute(name, actual.get(name)!, toNumbers(tensor), BOUNDS.unmergedLogits));
    } else results.push({ ...result, bound: '', passed: true });
  }
  return results;
}

/** The decoder against plain loops in double precision, on the same dequantised weights and input embeddings. */
function compareOracle(
  model: LoadedModel,
  weights: OracleWeights,
  forward: ReadonlyMap<string, InspectedTensor>,
): TensorResult[] {
  const taps = decoderOracle(model.checkpoint.config.decoder, weights, forward.get('inputs_embeds')!.values);
  return [...taps].map(([name, values]) => {
    const actual = forward.get(name)?.values;
    const { relative, maxAbsolute } = actual
      ? measure(actual, values)
      : { relative: Infinity, maxAbsolute: Infinity };
    const equal = name.endsWith('.experts');
    return {
      name,
      relative,
      maxAbsolute,
      bound: equal ? 'equal' : `<= ${BOUNDS.relative}`,
      passed: equal ? maxAbsolute === 0 : relative <= BOUNDS.relative,
    };
  });
}

/** Our resampler and log-mel against our log-mel of the recorded 16 kHz waveform. */
async function compareResampling(
  file: Blob,
  waveform: ParsedTensor,
  { checkpoint }: LoadedModel,
): Promise<TensorResult> {
  const config = checkpoint.preprocessorConfig.audio!;
  const own = await preprocessAudio(await decodeAudio(file), config);
  const reference = await preprocessAudio(
    { samples: toNumbers(waveform) as Float32Array<ArrayBuffer>, sampleRate: config.sampling_rate },
    config,
  );
  return compareAbsolute(
    'audio.log_mel after own resampling',
    own.data,
    reference.data,
    BOUNDS.ownResampling,
  );
}

/** Logits at the places where the recorded ids were chosen, given the recorded ids before them. */
async function forcedLogits(
  inspector: Inspector,
  prompt: Parameters<Inspector['forward']>[0],
  ids: NumberArray,
  vocabSize: number,
): Promise<Float32Array> {
  const length = prompt.ids.length;
  const extended = new Uint32Array(length + ids.length - 1);
  extended.set(prompt.ids);
  extended.set(ids.subarray(0, ids.length - 1), length);
  const { values } = (await inspector.forward({ ...prompt, ids: extended })).get('logits')!;
  return (values as Float32Array).subarray((length - 1) * vocabSize);
}

function leadingAgreement(a: NumberArray, b: NumberArray): number {
  let agreed = 0;
  while (agreed < b.length && a[agreed] === b[agreed]) agreed++;
  return agreed;
}

function toNumbers({ dtype, data }: ParsedTensor): Float32Array | Int32Array {
  if (dtype === 'F32') return new Float32Array(data.buffer);
  if (dtype === 'I32') return new Int32Array(data.buffer);
  throw new Error(`recorded tensors are F32 or I32, got ${dtype}`);
}

async function fetchBytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
