import type { DecoderPeer, DecoderPeerRuntime } from './decoder-peer.ts';
import { openWllama } from './wllama.ts';

/** Calls into the process that opened this page; see native-peers.ts. */
export type CallNativePeer = (method: NativeMethod, args: readonly unknown[]) => Promise<unknown>;
/** `file` makes a model's GGUF file and gives its address, `open` the note of native llama.cpp. */
export type NativeMethod = 'file' | 'open' | Exclude<keyof DecoderPeer, 'note'>;

/** wllama in this page, and native llama.cpp in the process outside. */
export function pagePeers(call: CallNativePeer): DecoderPeerRuntime[] {
  return [
    {
      name: 'llama.cpp',
      open: async (model) => ({
        note: (await call('open', [model])) as string,
        nextLogProbabilities: (ids) =>
          call('nextLogProbabilities', [ids]) as ReturnType<DecoderPeer['nextLogProbabilities']>,
        prefillMs: (ids) => call('prefillMs', [ids]) as Promise<number>,
        stepMs: (ids, steps) => call('stepMs', [ids, steps]) as Promise<number>,
        dispose: () => call('dispose', []) as Promise<void>,
      }),
    },
    { name: 'wllama', open: async (model) => openWllama((await call('file', [model])) as string) },
  ];
}
