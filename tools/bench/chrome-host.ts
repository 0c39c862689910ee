import { openHeadless } from '../headless/browser.ts';
import { startHost } from '../headless/host.ts';
import type { BenchReport } from './bench-report.ts';
import type { BenchOptions } from './options.ts';
import { serveModels } from './serve-models.ts';

/** Runs the benchmark in a page of headless Chrome. */
export async function runInChrome(options: BenchOptions, say: (line: string) => void): Promise<BenchReport> {
  // protobufjs, which writes the peers' graphs, is the only dependency that is no ES module.
  const host = await startHost(
    {},
    { include: ['@uni-moe-web/export > protobufjs/minimal.js'], plugins: [serveModels()] },
  );
  try {
    const { page, close } = await openHeadless(`${host.url}/bench/page.html`, [
      '--disable-dawn-features=timestamp_quantization',
      ...(options.adapter === undefined ? [] : [`--use-webgpu-adapter=${options.adapter}`]),
    ]);
    try {
      await page.exposeFunction('say', say);
      await page.waitForFunction(() => 'runBenchmark' in globalThis);
      const { without, ops, shapes, quick, seed } = options;
      return await page.evaluate(([runOptions, urls]) => globalThis.runBenchmark(runOptions, urls), [
        { without, ops, shapes, quick, seed },
        host.url,
      ] as const);
    } finally {
      await close();
    }
  } finally {
    await host.close();
  }
}
