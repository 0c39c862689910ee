import { basename, dirname, resolve } from 'node:path';
import { demoCheckpoint } from '../demo-checkpoint.mjs';
import { openHeadless } from '../headless/browser.ts';
import { startHost } from '../headless/host.ts';
import { runCli } from '../run-cli.ts';
import { parseOptions, USAGE, type AskOptions } from './options.ts';
import type { AskAnswer } from './protocol.ts';

async function ask(options: AskOptions): Promise<AskAnswer> {
  const folders: Record<string, string> = { checkpoint: resolve(options.checkpoint ?? demoCheckpoint) };
  // Each file's folder is mounted under a name of its own.
  const mount = (kind: string, files: readonly string[]): string[] =>
    files.map((file, i) => {
      const path = resolve(file);
      folders[`${kind}${i}`] = dirname(path);
      return `/files/${kind}${i}/${encodeURIComponent(basename(path))}`;
    });
  const paths = {
    images: mount('image', options.images),
    audio: mount('audio', options.audio),
    frames: mount('frame', options.frames),
  };
  const host = await startHost(folders);
  try {
    const { page, close } = await openHeadless(`${host.url}/ask/page.html`);
    try {
      await page.exposeFunction('onAnswerText', (text: string) => {
        if (!options.json) process.stdout.write(text);
      });
      await page.waitForFunction(() => 'ask' in globalThis);
      return await page.evaluate((request) => globalThis.ask(request), {
        checkpoint: `${host.url}/files/checkpoint/`,
        question: options.question,
        ...paths,
        settings: {
          max_tokens: options.maxTokens,
          temperature: options.temperature,
          ...(options.seed === undefined ? {} : { seed: options.seed }),
        },
      });
    } finally {
      await close();
    }
  } finally {
    await host.close();
  }
}

await runCli('ask', USAGE, async (args) => {
  const options = parseOptions(args);
  const answer = await ask(options);
  if (options.json) {
    console.log(JSON.stringify(answer, undefined, 2));
    return;
  }
  process.stdout.write('\n');
  const { usage, timings } = answer;
  if (!usage || !timings) return;
  console.error(
    `${usage.prompt_tokens} prompt tokens, ${usage.completion_tokens} generated, first after ${timings.firstTokenMs.toFixed(0)} ms, ${timings.tokensPerSecond.toFixed(1)} tokens/s`,
  );
});
