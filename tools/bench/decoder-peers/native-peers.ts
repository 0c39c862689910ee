import { join } from 'node:path';
import { benchModels } from '../model-shapes.ts';
import type { DecoderPeer, DecoderPeerRuntime } from './decoder-peer.ts';
import { GGUF_FOLDER, ggufFile } from './gguf-file.ts';
import { openNodeLlama } from './node-llama.ts';
import type { CallNativePeer } from './page-peers.ts';

/** Native llama.cpp for a benchmark in this process. */
export const nativePeers: readonly DecoderPeerRuntime[] = [
  { name: 'llama.cpp', open: async (model) => openNodeLlama(join(GGUF_FOLDER, await fileOf(model))) },
];

/** Native llama.cpp for a page, which cannot run it itself. `url` serves {@link GGUF_FOLDER}. */
export function nativePeerForPage(url: string): CallNativePeer {
  let peer: DecoderPeer | undefined;
  return async (method, args) => {
    if (method === 'file') return `${url}/${await fileOf(args[0] as string)}`;
    if (method === 'open') {
      peer = await openNodeLlama(join(GGUF_FOLDER, await fileOf(args[0] as string)));
      return peer.note;
    }
    if (!peer) throw new Error(`native peer: ${method} before open`);
    const call = peer[method] as (...values: readonly unknown[]) => Promise<unknown>;
    return call(...args);
  };
}

function fileOf(name: string): Promise<string> {
  const model = benchModels.find((candidate) => candidate.name === name);
  if (!model) throw new Error(`native peer: no model ${name}`);
  return ggufFile(model);
}
