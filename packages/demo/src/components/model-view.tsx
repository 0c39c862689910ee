import type { ModelState } from '../state/model-controller.ts';
import type { CheckpointPlace } from '../state/session-types.ts';
import { LoadCard } from './load-card.tsx';
import { ModelBanner } from './model-banner.tsx';
import { NoWebGpu } from './no-webgpu.tsx';
import { ProblemNotice } from './problem-notice.tsx';

interface ModelViewProps {
  readonly state: ModelState;
  readonly missingWebGpu: string | undefined;
  readonly onRetry: () => void;
  readonly onCancel: () => void;
  readonly onOpenCheckpoint: () => void;
}

/** The model's state at the head of the conversation: loading, loaded, or why not. */
export function ModelView({ state, missingWebGpu, onRetry, onCancel, onOpenCheckpoint }: ModelViewProps) {
  if (missingWebGpu !== undefined) return <NoWebGpu reason={missingWebGpu} />;
  if (state.status === 'idle') return null;
  if (state.status === 'ready') return <ModelBanner model={state.session.model} />;
  if (state.status === 'loading') {
    return (
      <LoadCard
        name={placeName(state.place)}
        isLocal={typeof state.place !== 'string'}
        bars={state.bars}
        memory={state.memory}
        onCancel={onCancel}
      />
    );
  }
  if (state.problem.code === 'webgpu-unavailable') return <NoWebGpu reason={state.problem.detail} />;
  return (
    <ProblemNotice problem={state.problem}>
      <button type="button" class="button button-primary" onClick={onRetry}>
        Try again
      </button>
      <button type="button" class="button" onClick={onOpenCheckpoint}>
        Open another checkpoint
      </button>
    </ProblemNotice>
  );
}

function placeName(place: CheckpointPlace): string {
  if (typeof place === 'string') return place;
  if ('name' in place) return place.name;
  return place[0]?.webkitRelativePath.split('/')[0] || 'chosen folder';
}
