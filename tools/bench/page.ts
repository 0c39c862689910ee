import type { BenchReport } from './bench-report.ts';
import type { RunOptions } from './options.ts';
import { runBench } from './run.ts';

declare global {
  /** Entry of the benchmark's page. */
  var runBenchmark: (options: RunOptions, checkpoints: string) => Promise<BenchReport>;
  /** Prints a line in the terminal; provided by the command line. */
  var say: (line: string) => void;
}

globalThis.runBenchmark = async (options, checkpoints) => {
  const runtime = await import('onnxruntime-web/webgpu');
  runtime.env.wasm.numThreads = 1;
  const version = /Chrome\/([\d.]+)/.exec(navigator.userAgent)?.[1] ?? '';
  return runBench(options, {
    runtime,
    host: `headless Chrome ${version}`,
    checkpoints,
    say: (line) => globalThis.say(line),
  });
};
