import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useFileDrop } from '../hooks/use-file-drop.ts';
import { useRecorder } from '../hooks/use-recorder.ts';
import { useStore } from '../hooks/use-store.ts';
import { withPlace } from '../state/checkpoint-address.ts';
import type { ChatController } from '../state/chat-controller.ts';
import type { DraftController } from '../state/draft-controller.ts';
import { describeDownload } from '../state/load-bars.ts';
import type { ModelController } from '../state/model-controller.ts';
import type { SamplingSettings } from '../state/sampling.ts';
import type { CheckpointPlace, Session } from '../state/session-types.ts';
import { toQuestion, type Suggestion } from '../state/suggestions.ts';
import { AnswerAnnouncer } from './answer-announcer.tsx';
import type { AnswerActions } from './answer-view.tsx';
import { AppHeader } from './app-header.tsx';
import { CameraDialog } from './camera-dialog.tsx';
import { CheckpointDialog } from './checkpoint-dialog.tsx';
import { Composer } from './composer.tsx';
import { Conversation } from './conversation.tsx';
import { Details } from './details.tsx';
import { ModelView } from './model-view.tsx';
import { Welcome } from './welcome.tsx';

interface AppProps {
  readonly model: ModelController;
  readonly chat: ChatController;
  readonly draft: DraftController;
  readonly missingWebGpu: string | undefined;
  readonly defaultPlace: string;
}

const ALL_KINDS = { image: true, audio: true, video: true };

/** The whole page. It connects controllers and components and keeps only what is about the view. */
export function App({ model, chat, draft, missingWebGpu, defaultPlace }: AppProps) {
  const modelState = useStore(model.state);
  const { exchanges, busy } = useStore(chat.state);
  const draftState = useStore(draft.state);
  const [dialog, setDialog] = useState<'checkpoint' | 'camera'>();
  const [detailsOpen, setDetailsOpen] = useState(false);
  const [settings, setSettings] = useState<SamplingSettings>();
  const box = useRef<HTMLTextAreaElement>(null);

  const session = modelState.status === 'ready' ? modelState.session : undefined;
  const accepts = session?.model.accepts ?? ALL_KINDS;
  const sampling = settings ?? session?.model.samplingDefaults;

  const addFiles = useCallback((files: File[]) => draft.addFiles(files, accepts), [draft, accepts]);
  const dropping = useFileDrop(addFiles);
  const recorder = useRecorder(
    (file) => addFiles([file]),
    (text) => draft.setNotice(text),
  );

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      // Open dialogs take Escape for themselves.
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) chat.stop();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [chat]);

  const send = (): void => {
    if (!session || !sampling || busy) return;
    const question = draft.take();
    if (!question) return;
    void chat.ask(session, question, sampling);
    box.current?.focus();
  };
  const ask = (suggestion: Suggestion): void => {
    if (!session || !sampling || busy) return;
    void chat.ask(session, toQuestion(suggestion), sampling);
    box.current?.focus();
  };
  const startAnew = (): void => {
    chat.clear();
    box.current?.focus();
  };
  const openCheckpoint = (place: CheckpointPlace): void => {
    chat.clear();
    setSettings(undefined);
    const shared = typeof place === 'string' && place !== defaultPlace ? place : undefined;
    history.replaceState(null, '', withPlace(location.href, shared));
    void model.load(place);
  };

  const answerActions = (on: Session, using: SamplingSettings): AnswerActions => {
    // The buttons go away with the answer that they belong to.
    const fromBox = (task: Promise<void>): void => {
      void task;
      box.current?.focus();
    };
    return {
      onRetry: () => fromBox(chat.retry(on, using)),
      onAskAnew: () => fromBox(chat.askAnew(on, using)),
      onReload: () => fromBox(model.reload()),
    };
  };

  return (
    <>
      <AppHeader
        detailsOpen={detailsOpen}
        canStartAnew={exchanges.length > 0}
        onToggleDetails={() => setDetailsOpen(!detailsOpen)}
        onOpenCheckpoint={() => setDialog('checkpoint')}
        onNewConversation={startAnew}
      />
      <main class="chat">
        <div class="chat-scroll">
          <ModelView
            state={modelState}
            missingWebGpu={missingWebGpu}
            onRetry={() => void model.reload()}
            onCancel={() => model.cancel()}
            onOpenCheckpoint={() => setDialog('checkpoint')}
          />
          {modelState.status === 'ready' && exchanges.length === 0 && (
            <Welcome model={modelState.session.model} place={modelState.place} onAsk={ask} />
          )}
          <Conversation
            exchanges={exchanges}
            waitingFor={modelState.status === 'ready' ? describeDownload(modelState.bars) : undefined}
            actions={session && sampling && !busy ? answerActions(session, sampling) : undefined}
          />
        </div>
        <Composer
          box={box}
          draft={draftState}
          hindrance={session ? undefined : HINDRANCES[modelState.status]}
          busy={busy}
          accepts={accepts}
          recording={recorder.recording}
          onText={(text) => draft.setText(text)}
          onFiles={addFiles}
          onRemove={(id) => draft.remove(id)}
          onSend={send}
          onStop={() => chat.stop()}
          onCamera={() => setDialog('camera')}
          onRecord={recorder.start}
          onRecordingEnd={(keep) => {
            recorder.end(keep);
            box.current?.focus();
          }}
        />
      </main>
      <aside id="details" class={detailsOpen ? 'details details-open' : 'details'} aria-label="Details">
        {modelState.status === 'ready' && sampling && (
          <Details
            model={modelState}
            exchange={exchanges.at(-1)}
            settings={sampling}
            onSettings={setSettings}
            onResetSettings={() => setSettings(undefined)}
            onAdapter={(name, weight) => void model.setAdapter(name, weight)}
          />
        )}
      </aside>
      <AnswerAnnouncer exchange={exchanges.at(-1)} />
      {dropping && <div class="drop-zone">Drop pictures, sounds or videos</div>}
      {dialog === 'checkpoint' && (
        <CheckpointDialog
          defaultPlace={defaultPlace}
          onOpen={openCheckpoint}
          onClose={() => setDialog(undefined)}
        />
      )}
      {dialog === 'camera' && (
        <CameraDialog onPicture={(file) => addFiles([file])} onClose={() => setDialog(undefined)} />
      )}
    </>
  );
}

/** Why nothing can be sent while there is no model. */
const HINDRANCES = {
  idle: 'There is no model',
  loading: 'The model is still loading',
  failed: 'The model is not loaded',
  ready: undefined,
};
