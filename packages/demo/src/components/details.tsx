import type { Exchange } from '../state/conversation.ts';
import type { ModelState } from '../state/model-controller.ts';
import type { SamplingSettings } from '../state/sampling.ts';
import { AdapterPanel } from './adapter-panel.tsx';
import { ExpertPanel } from './expert-panel.tsx';
import { MemoryPanel } from './memory-panel.tsx';
import { SamplingPanel } from './sampling-panel.tsx';
import { SpeedPanel } from './speed-panel.tsx';

interface DetailsProps {
  readonly model: Extract<ModelState, { status: 'ready' }>;
  readonly exchange: Exchange | undefined;
  readonly settings: SamplingSettings;
  readonly onSettings: (settings: SamplingSettings) => void;
  readonly onResetSettings: () => void;
  readonly onAdapter: (name: string, weight: number) => void;
}

/** What goes on inside: beside the conversation on wide screens, over it on narrow ones. */
export function Details(props: DetailsProps) {
  const { session, adapters, adapterProblem } = props.model;
  return (
    <>
      <SpeedPanel answer={props.exchange?.answer} />
      <ExpertPanel model={session.model} exchange={props.exchange} />
      <AdapterPanel adapters={adapters} problem={adapterProblem} onChange={props.onAdapter} />
      <SamplingPanel settings={props.settings} onChange={props.onSettings} onReset={props.onResetSettings} />
      <MemoryPanel memory={session.model.memory} />
    </>
  );
}
