// What asks the questions: the same code in a page and in Node.
import type { ChatCompletion, ChatMessage, Engine, UserContentPart } from '@uni-moe-web/runtime';
import {
  inspectedEngine,
  loadModel,
  PromptExperts,
  type PromptRowKind,
  type RoutedRows,
} from '@uni-moe-web/runtime/inspect';
import { adapterName } from '../adapter-name.ts';
import type { AnsweredItem, CheckpointFacts, Evaluation, OpenRequest, SetFiles } from './protocol.ts';
import type { SetItem, SetTurn } from './set.ts';
import { ExpertTally, type RowKind } from './tally.ts';

const ROWS: { readonly [Kind in PromptRowKind]: RowKind | undefined } = {
  opening: undefined,
  text: 'question',
  image: 'picture',
  audio: 'sound',
  video: 'video',
};

/** Loads a checkpoint and switches its adapters. */
export async function openEvaluation(
  { checkpoint, adapters, settings }: OpenRequest,
  files: SetFiles,
): Promise<Evaluation> {
  const model = await loadModel(checkpoint, { cache: 'none' });
  const experts = new PromptExperts(model);
  const engine = inspectedEngine(model);
  const close = async (): Promise<void> => {
    experts.dispose();
    await engine.dispose();
  };
  try {
    if (adapters) await engine.adapters.setWeights(adapters);
    const facts = await describe(engine, model.gpu.device.adapterInfo);
    return {
      checkpoint: facts,
      ask: (item) => askItem({ engine, experts, facts, settings, files }, item),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Asking {
  readonly engine: Engine;
  readonly experts: PromptExperts;
  readonly facts: CheckpointFacts;
  readonly settings: OpenRequest['settings'];
  readonly files: SetFiles;
}

async function describe({ info, adapters }: Engine, gpu: GPUAdapterInfo): Promise<CheckpointFacts> {
  const { decoder, quantization } = info.config;
  const switched = (await adapters.list()).filter(({ weight }) => weight !== 0);
  return {
    name: info.model,
    quantization: quantization.weights,
    adapters: Object.fromEntries(switched.map(({ name, weight }) => [name, weight])),
    gpu: adapterName(gpu),
    layers: decoder.moe_layers,
    numExperts: decoder.num_experts,
    topK: decoder.num_experts_per_tok,
  };
}

async function askItem(
  { engine, experts, facts, settings, files }: Asking,
  item: SetItem,
): Promise<AnsweredItem> {
  // Setting the adapters empties the cache: what an earlier item left there must not help this one.
  await engine.adapters.setWeights(facts.adapters);
  const tally = new ExpertTally(facts.layers, facts.numExperts);
  const messages: ChatMessage[] = [];
  let completion: ChatCompletion | undefined;
  for (const turn of item.turns) {
    messages.push({ role: 'user', content: await contentOf(turn, files) });
    if (turn.reply === undefined) {
      completion = await engine.chat.completions.create({
        messages,
        temperature: settings.temperature,
        seed: settings.seed,
        max_tokens: settings.maxTokens,
        expert_usage: true,
      });
      countPrompt(tally, await experts.take(), facts.topK);
      countAnswer(tally, completion);
    }
    messages.push({ role: 'assistant', content: turn.reply ?? completion?.choices[0].message.content ?? '' });
  }
  const { choices, usage, timings } = completion!;
  return {
    text: choices[0].message.content,
    finishReason: choices[0].finish_reason,
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
    firstTokenMs: timings.firstTokenMs,
    totalMs: timings.totalMs,
    experts: tally.counts(),
  };
}

async function contentOf(
  { question, images, audio, video }: SetTurn,
  files: SetFiles,
): Promise<UserContentPart[]> {
  const pictures = (paths: readonly string[]) => Promise.all(paths.map((path) => files.picture(path)));
  return [
    ...(await pictures(images)).map((url) => ({ type: 'image_url', image_url: { url } }) as const),
    ...(await Promise.all(audio.map((path) => files.sound(path)))).map(
      (data) => ({ type: 'input_audio', input_audio: { data } }) as const,
    ),
    ...(video.length > 0 ? [{ type: 'video_url', video_url: { url: await pictures(video) } } as const] : []),
    ...(question === '' ? [] : [{ type: 'text', text: question } as const]),
  ];
}

function countPrompt(tally: ExpertTally, chunks: readonly RoutedRows[], topK: number): void {
  for (const { kinds, layers } of chunks) {
    kinds.forEach((kind, row) => {
      const rows = ROWS[kind];
      if (!rows) return;
      for (const { layer, experts } of layers)
        tally.add(rows, layer, experts.subarray(row * topK, (row + 1) * topK));
    });
  }
}

function countAnswer(tally: ExpertTally, { choices: [{ experts = [] }] }: ChatCompletion): void {
  // The first token comes out of the prompt's last row, which has been counted.
  for (const { layers } of experts.slice(1)) {
    for (const { layer, experts: chosen } of layers) tally.add('answer', layer, chosen);
  }
}
