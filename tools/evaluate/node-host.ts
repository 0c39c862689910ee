import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startHost } from '../headless/host.ts';
import { loadOnnxRuntime, startNode } from '../headless/node.ts';
import type { openEvaluation } from './evaluation.ts';
import type { HostedEvaluation, HostRequest, SetFiles } from './protocol.ts';
import { readPng } from './read-png.ts';

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
