import { createServer } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** ONNX towers of the `speech` fixture, base64. */
    towers: { readonly vision: string; readonly audio: string };
    /** Every file of the `speech` fixture's checkpoint with float32 weights, base64, by path. */
    checkpoint: Readonly<Record<string, string>>;
  }
}

/**
 * Global setup: exports the towers and the checkpoint that tests in Chrome run, so that no generated file needs to be kept. A server of its
 * own loads the exporter, because the setup of a browser project does not resolve packages to their sources.
 */
export default async function provideTowers(project: TestProject): Promise<void> {
  const server = await createServer({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    ssr: { resolve: { conditions: ['@uni-moe-web/source', 'module', 'node'] } },
  });
  try {
    const module = (await server.ssrLoadModule('/tower-fixtures.ts')) as typeof import('./tower-fixtures.ts');
    const { vision, audio } = await module.buildTowerFixtures('speech');
    const { readExportedFixture } = (await server.ssrLoadModule(
      '/exported-fixture.ts',
    )) as typeof import('./exported-fixture.ts');
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
    const files = [...(await readExportedFixture('speech', 'f32'))];
    project.provide('checkpoint', Object.fromEntries(files.map(([path, bytes]) => [path, base64(bytes)])));
    project.provide('towers', { vision: base64(vision), audio: base64(audio) });
  } finally {
    await server.close();
  }
}
