import type { BenchReport } from './bench-report.ts';
import { pagePeers, type CallNativePeer } from './decoder-peers/page-peers.ts';
import type { RunOptions } from './options.ts';
import { runBench } from './run.ts';

declare global {
  /** Entry of the benchmark's page; `url` is the origin of everything that it loads. */
  var runBenchmark: (options: RunOptions, url: string) => Promise<BenchReport>;
  /** Prints a line in the terminal; provided by the command line. */
  var say: (line: string) => void;
  /** Native llama.cpp outside the page; provided by the command line. */
  var callNativePeer: CallNativePeer;
}

globalThis.runBenchmark = async (options, url) => {
  const webgpu = await import('onnxruntime-web/webgpu');
  const wasm = await import('onnxruntime-web/wasm');
  webgpu.env.wasm.numThreads = 1;
  wasm.env.wasm.numThreads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  const version = /Chrome\/([\d.]+)/.exec(navigator.userAgent)?.[1] ?? '';
  return runBench(options, {
    runtimes: { webgpu, wasm },
    host: `headless Chrome ${version}`,
    checkpoints: url,
    towerCheckpoint: `${url}/files/demo/`,
    decoderPeers: options.peers ? pagePeers((method, args) => globalThis.callNativePeer(method, args)) : [],
    say: (line) => globalThis.say(line),
  });
};
