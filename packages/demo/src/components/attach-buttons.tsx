import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { AttachmentKind } from '../state/attachments.ts';
import { CameraIcon, MicrophoneIcon, PictureIcon, SoundIcon, VideoIcon } from './icons.tsx';

interface AttachButtonsProps {
  readonly accepts: Readonly<Record<AttachmentKind, boolean>>;
  readonly onFiles: (files: File[]) => void;
  readonly onCamera: () => void;
  readonly onRecord: () => void;
}

/** All ways to add something to the message; what the checkpoint does not take is disabled. */
export function AttachButtons({ accepts, onFiles, onCamera, onRecord }: AttachButtonsProps) {
  return (
    <div class="attach-buttons" role="group" aria-label="Add to the message">
      <FileButton kind="image" label="Picture" enabled={accepts.image} onFiles={onFiles}>
        <PictureIcon />
      </FileButton>
      <ToolButton label="Take a picture with the camera" enabled={accepts.image} onClick={onCamera}>
        <CameraIcon />
      </ToolButton>
      <FileButton kind="audio" label="Sound" enabled={accepts.audio} onFiles={onFiles}>
        <SoundIcon />
      </FileButton>
      <ToolButton label="Record with the microphone" enabled={accepts.audio} onClick={onRecord}>
        <MicrophoneIcon />
      </ToolButton>
      <FileButton kind="video" label="Video" enabled={accepts.video} onFiles={onFiles}>
        <VideoIcon />
      </FileButton>
    </div>
  );
}

interface ToolButtonProps {
  readonly label: string;
  readonly enabled: boolean;
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}

function ToolButton({ label, enabled, onClick, children }: ToolButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={enabled ? label : 'This checkpoint does not take it'}
      disabled={!enabled}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

interface FileButtonProps {
  readonly kind: AttachmentKind;
  readonly label: string;
  readonly enabled: boolean;
  readonly onFiles: (files: File[]) => void;
  readonly children: ComponentChildren;
}

function FileButton({ kind, label, enabled, onFiles, children }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <ToolButton
        label={`Add a ${label.toLowerCase()}`}
        enabled={enabled}
        onClick={() => input.current!.click()}
      >
        {children}
      </ToolButton>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        multiple
        accept={`${kind}/*`}
        aria-label={`${label} file`}
        tabIndex={-1}
        disabled={!enabled}
        onChange={() => {
          const element = input.current!;
          onFiles([...(element.files ?? [])]);
          // The same file may be chosen again.
          element.value = '';
        }}
      />
    </>
  );
}
