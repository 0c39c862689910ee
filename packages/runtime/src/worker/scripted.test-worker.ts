import { ShapeError } from '@uni-moe-web/kernels';
import { END, ScriptedGenerator, scriptedModel } from '../../testing/scripted-model.ts';
import { untilAborted } from '../abort.ts';
import { CheckpointNotFoundError } from '../checkpoint/errors.ts';
import { PromptStructureError } from '../models/errors.ts';
import { serveEngine } from './serve-engine.ts';

const VOCABULARY = ['one', ' two', ' three'];

/** What is to happen is the path of the checkpoint's URL; sources and files are read and described instead. */
serveEngine(async (location, { onProgress, onMemoryPlan, signal }) => {
  const script = typeof location === 'string' ? new URL(location).pathname.slice(1) : '';
  if (script === 'broken-load') throw new CheckpointNotFoundError('There is no file x.', { path: 'x' });
  onProgress?.({ phase: 'download', file: 'a', bytes: 1, totalBytes: 2, fromCache: false });
  onMemoryPlan?.({ weightBytes: 1, cacheBytes: 2, scratchBytes: 3, totalBytes: 6 });
  if (script === 'hanging-load') await untilAborted(new Promise(() => {}), signal!, 'Loading');
  let about = 'nothing';
  if (typeof location === 'object' && 'read' in location) {
    const stream = await location.read('some/file', { start: 2, end: 5 }, signal!);
    about = `${location.name} ${location.remote} ${await new Response(stream).text()}`;
  } else if (typeof location === 'object' && Symbol.iterator in location) {
    about = Array.from(location as Iterable<File>, ({ name }) => name).join(' ');
  }
  const failure = {
    'runtime-error': new PromptStructureError(3, 'upside down', 'upright'),
    'kernel-error': new ShapeError('x has shape [1], expected [2]'),
    'plain-error': new TypeError('x is not a function'),
  }[script];
  const long = Array.from({ length: 2000 }, () => 1);
  const generator = new ScriptedGenerator({
    vocabulary: VOCABULARY,
    ids: script === 'long' ? long : [1, 2, 3, END],
    delayMs: script === 'hanging' || script === 'crash' ? 600_000 : 0,
    ...(failure ? { failure: { at: 1, error: failure } } : {}),
  });
  if (script === 'crash') {
    // Not before the page has the loaded engine and has asked, however long that takes.
    const timer = setInterval(() => {
      if (generator.running === 0) return;
      clearInterval(timer);
      throw new Error('out of memory, say');
    }, 20);
  }
  const model = scriptedModel(generator);
  return {
    ...model,
    // A worker that is ended before its model is freed says nothing.
    async dispose() {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const port = new BroadcastChannel(`freed ${script}`);
      port.postMessage('freed');
    },
    // Lets the page look at the generator.
    adapters: () => [
      { name: 'running', rank: generator.running, weight: generator.yielded },
      { name: 'seen', rank: 0, weight: 0, about, parts: describeParts(generator) },
      ...model.adapters(),
    ],
  };
});

/** Kind, class and size of the media of the last prompt. */
function describeParts({ prompts }: ScriptedGenerator): string[] {
  const describe = (value: object): string => {
    const { width, height, samples, size } = value as Record<string, unknown>;
    const length = samples instanceof Float32Array ? samples.length : undefined;
    const name = Object.prototype.toString.call(value).slice(8, -1);
    return `${name} ${width === undefined ? (length ?? size) : `${String(width)}x${String(height)}`}`;
  };
  return (prompts.at(-1) ?? []).flatMap(({ parts }) =>
    parts.map((part) => {
      if (part.type === 'text') return part.text;
      if (part.type === 'image') return `image ${describe(part.image)}`;
      if (part.type === 'audio') return `audio ${describe(part.audio)}`;
      return `video ${(part.video as object[]).map(describe).join(', ')}`;
    }),
  );
}
