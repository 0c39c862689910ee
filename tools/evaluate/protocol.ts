import type { ImageSource, AudioSource } from '@uni-moe-web/runtime';
import type { SetItem } from './set.ts';
import type { ExpertCounts } from './tally.ts';

/** What a run opens. */
export interface OpenRequest {
  /** URL of the checkpoint; its folder where a host opens it. */
  readonly checkpoint: string;
  /** Weight per LoRA adapter, the others off; absent leaves all as they are after loading. */
  readonly adapters?: Readonly<Record<string, number>>;
  readonly settings: {
    readonly temperature: number;
    readonly seed: number;
    readonly maxTokens: number;
  };
}

/** What a report says of the model. */
export interface CheckpointFacts {
  readonly name: string;
  readonly quantization: string;
  /** Those that are on. */
  readonly adapters: Readonly<Record<string, number>>;
  readonly gpu: string;
  /** Indices of the mixture layers. */
  readonly layers: readonly number[];
  readonly numExperts: number;
  readonly topK: number;
}

/** The answer to an item's last turn. */
export interface AnsweredItem {
  readonly text: string;
  readonly finishReason: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly experts: ExpertCounts;
}

/** Reads a file of the set for the runtime. */
export interface SetFiles {
  picture(path: string): Promise<ImageSource>;
  sound(path: string): Promise<AudioSource>;
}

/** A checkpoint that is ready to be asked, in a page or in this process. */
export interface Evaluation {
  readonly checkpoint: CheckpointFacts;
  /** Asks all turns of an item in a conversation of its own. */
  ask(item: SetItem): Promise<AnsweredItem>;
  close(): Promise<void>;
}

/** What a host opens: folders of this machine instead of URLs. */
export interface HostRequest extends OpenRequest {
  /** Folder of the set. */
  readonly set: string;
  /** In Node part of the GPU adapter's name, or `lavapipe` or `swiftshader` for that software driver; in Chrome a name of its own. */
  readonly gpu?: string;
}

export interface HostedEvaluation extends Evaluation {
  /** Name and version of what it runs in. */
  readonly host: string;
}
