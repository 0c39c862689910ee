import type { AdapterInfo, EngineInfo } from './engine.ts';
import type { TokenGenerator } from './token-generator.ts';

/** A loaded model as an engine drives it; calls never overlap. */
export interface EngineModel {
  readonly info: EngineInfo;
  readonly generator: TokenGenerator;
  adapters(): readonly AdapterInfo[];
  /** @throws RuntimeError if there is no such adapter or a weight is no finite number. */
  setAdapterWeights(weights: ReadonlyMap<string, number>): void;
  dispose(): Promise<void>;
}
