import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertIndexedToRgb, decode } from 'fast-png';
import type { RawPixels } from '@uni-moe-web/runtime';
import { startHost } from '../headless/host.ts';
import { loadOnnxRuntime, startNode } from '../headless/node.ts';
import type { openEvaluation } from './evaluation.ts';
import type { HostedEvaluation, HostRequest, SetFiles } from './protocol.ts';

/** Opens a checkpoint on Dawn in this process. */
export async function openInNode({
  checkpoint,
  set,
  gpu,
  ...request
}: HostRequest): Promise<HostedEvaluation> {
  const modules = await startNode(gpu);
  try {
    await loadOnnxRuntime();
    const host = await startHost({ checkpoint });
    try {
      const module = (await modules.load('/evaluate/evaluation.ts')) as {
        openEvaluation: typeof openEvaluation;
      };
      const evaluation = await module.openEvaluation(
        { ...request, checkpoint: `${host.url}/files/checkpoint/` },
        folderFiles(set),
      );
      return {
        ...evaluation,
        host: 'Dawn in Node',
        close: async () => {
          await evaluation.close();
          await host.close();
          await modules.close();
        },
      };
    } catch (error) {
      await host.close();
      throw error;
    }
  } catch (error) {
    await modules.close();
    throw error;
  }
}

function folderFiles(folder: string): SetFiles {
  return {
    picture: async (path) => readPng(join(folder, path)),
    sound: async (path) => new Blob([readFileSync(join(folder, path))]),
  };
}

/** @throws Error for a picture that is no PNG: nothing here decodes JPEG. */
export function readPng(path: string): RawPixels {
  if (!/\.png$/i.test(path)) throw new Error(`${path} is no PNG; use --host chrome, which reads JPEG too`);
  const image = decode(readFileSync(path));
  const { width, height } = image;
  if (image.palette) return { width, height, data: convertIndexedToRgb(image) };
  const { data, channels, depth } = image;
  // 16 bits per channel: the upper eight.
  const at = (i: number): number => (depth === 16 ? data[i]! >> 8 : data[i]!);
  const color = channels > 2 ? [0, 1, 2] : [0, 0, 0];
  const pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    color.forEach((channel, c) => (pixels[3 * i + c] = at(channels * i + channel)));
  }
  return { width, height, data: pixels };
}
