import { mkdir } from 'node:fs/promises';
import { demoCheckpoint } from '../demo-checkpoint.mjs';
import { openHeadless } from '../headless/browser.ts';
import { chromeAdapterArgs } from '../headless/chrome-adapter.ts';
import { startHost } from '../headless/host.ts';
import type { BenchReport } from './bench-report.ts';
import { GGUF_FOLDER } from './decoder-peers/gguf-file.ts';
import { installPeers } from './decoder-peers/install.ts';
import { nativePeerForPage } from './decoder-peers/native-peers.ts';
import { wantedModels } from './model-shapes.ts';
import type { BenchOptions } from './options.ts';
import { serveModels } from './serve-models.ts';

/** Runs the benchmark in a page of headless Chrome. */
export async function runInChrome(options: BenchOptions, say: (line: string) => void): Promise<BenchReport> {
  const { without, ops, shapes, quick, seed } = options;
  const peers = options.peers && wantedModels(options).length > 0;
  const versions = peers ? installPeers(say) : undefined;
  await mkdir(GGUF_FOLDER, { recursive: true });
  // protobufjs, which writes the peers' graphs, is the only dependency that is no ES module.
  const host = await startHost(
    { gguf: GGUF_FOLDER, demo: demoCheckpoint },
    {
      include: ['@uni-moe-web/export > protobufjs/minimal.js'],
      plugins: [serveModels()],
      // Threads of WebAssembly need shared memory, and clocks are finer.
      headers: {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      },
    },
  );
  try {
    const { page, close } = await openHeadless(`${host.url}/bench/page.html`, [
      '--disable-dawn-features=timestamp_quantization',
      ...chromeAdapterArgs(options.adapter),
    ]);
    try {
      await page.exposeFunction('say', say);
      await page.exposeFunction('callNativePeer', nativePeerForPage(`${host.url}/files/gguf`));
      await page.waitForFunction(() => 'runBenchmark' in globalThis);
      const report = await page.evaluate(([runOptions, url]) => globalThis.runBenchmark(runOptions, url), [
        { without, ops, shapes, quick, seed, peers },
        host.url,
      ] as const);
      const others = Object.entries(versions ?? {}).map((entry) => entry.join(' '));
      return { ...report, libraries: [...report.libraries, ...others] };
    } finally {
      await close();
    }
  } finally {
    await host.close();
  }
}
