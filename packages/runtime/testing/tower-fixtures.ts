import { buildAudioTower, buildVisionTower } from '../../export/src/onnx/index.ts';
import { openTowerFixture } from '../../export/src/onnx/testing/fixture.ts';

/** ONNX towers of a recorded variant, as the exporter writes them. */
export interface TowerFixtures {
  readonly vision: Uint8Array;
  readonly audio: Uint8Array;
}

export async function buildTowerFixtures(variant: 'speech' | 'interval'): Promise<TowerFixtures> {
  const fixture = await openTowerFixture(variant);
  try {
    return { vision: await buildVisionTower(fixture.vision), audio: await buildAudioTower(fixture.audio) };
  } finally {
    await fixture.close();
  }
}
