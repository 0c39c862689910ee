import { basename, resolve } from 'node:path';
import { demoCheckpoint } from '../demo-checkpoint.mjs';
import { openInChrome } from './chrome-host.ts';
import { openInNode } from './node-host.ts';
import type { EvaluateOptions } from './options.ts';
import type { AnsweredItem, HostedEvaluation } from './protocol.ts';
import { readSet, selectItems } from './read-set.ts';
import { buildReport, type EvaluationReport } from './report.ts';
import { EvaluationSetError, type SetItem } from './set.ts';

/**
 * Runs a set and puts the report together.
 * @param say takes a line of progress now and then.
 * @throws EvaluationSetError before anything is loaded; Error naming the item that could not be asked.
 */
export async function evaluate(
  options: EvaluateOptions,
  say: (line: string) => void,
): Promise<EvaluationReport> {
  const { host, adapters, gpu, maxTokens, temperature, seed } = options;
  const folder = resolve(options.set);
  const set = readSet(folder);
  const items = selectItems(set.items, options.kinds, options.limit);
  if (host === 'node') expectPngs(items);
  const checkpoint = resolve(options.checkpoint ?? demoCheckpoint);
  const settings = { temperature, seed, maxTokens };
  const open = host === 'chrome' ? openInChrome : openInNode;
  const evaluation = await open({
    checkpoint,
    set: folder,
    settings,
    ...(adapters === undefined ? {} : { adapters }),
    ...(gpu === undefined ? {} : { gpu }),
  });
  try {
    const facts = { ...evaluation.checkpoint, name: basename(checkpoint) };
    say(`${items.length} items on ${facts.gpu} (${evaluation.host})`);
    const started = new Date();
    const run = await askAll(evaluation, items, say);
    const seconds = (Date.now() - started.getTime()) / 1000;
    const environment = {
      host: evaluation.host,
      gpu: facts.gpu,
      startedAt: started.toISOString(),
      seconds,
    };
    return buildReport({ set, checkpoint: facts, environment, settings }, run);
  } finally {
    await evaluation.close();
  }
}

/** Dawn in Node comes without a browser's decoders. */
function expectPngs(items: readonly SetItem[]): void {
  for (const { id, turns } of items) {
    const other = turns
      .flatMap(({ images, video }) => [...images, ...video])
      .find((path) => !/\.png$/i.test(path));
    if (other === undefined) continue;
    throw new EvaluationSetError(id, 'image', `${other} is no PNG; use --host chrome, which reads JPEG too`);
  }
}

const PROGRESS_MS = 15_000;

async function askAll(
  evaluation: HostedEvaluation,
  items: readonly SetItem[],
  say: (line: string) => void,
): Promise<{ item: SetItem; answer: AnsweredItem }[]> {
  const ask = async (item: SetItem): Promise<AnsweredItem> => {
    try {
      return await evaluation.ask(item);
    } catch (error) {
      throw new Error(`item ${item.id}: ${(error as Error).message}`, { cause: error });
    }
  };
  // One of each combination of media beforehand: towers are fetched and programs compiled when they are first needed.
  for (const item of warmUpItems(items)) await ask(item);
  const run: { item: SetItem; answer: AnsweredItem }[] = [];
  let said = Date.now();
  for (const item of items) {
    run.push({ item, answer: await ask(item) });
    if (Date.now() - said < PROGRESS_MS) continue;
    said = Date.now();
    say(`${run.length} of ${items.length}`);
  }
  return run;
}

/** The first item with a picture and the first with a sound, or else the first of all. */
export function warmUpItems(items: readonly SetItem[]): SetItem[] {
  const withPicture = items.find(({ turns }) =>
    turns.some(({ images, video }) => images.length + video.length > 0),
  );
  const withSound = items.find(({ turns }) => turns.some(({ audio }) => audio.length > 0));
  const found = [withPicture, withSound].filter((item) => item !== undefined);
  return found.length > 0 ? [...new Set(found)] : items.slice(0, 1);
}
