import { useState } from 'preact/hooks';
import { describeDeviceError } from '../media/device-error.ts';
import { startRecording, type Recording } from '../media/microphone.ts';

export interface Recorder {
  readonly recording: Recording | undefined;
  readonly start: () => void;
  /** Ends the recording; with `keep` its file is handed on. */
  readonly end: (keep: boolean) => void;
}

export function useRecorder(onFile: (file: File) => void, onProblem: (text: string) => void): Recorder {
  const [recording, setRecording] = useState<Recording>();
  const failed = (error: unknown): void => onProblem(describeDeviceError('microphone', error));
  return {
    recording,
    start: () => {
      onProblem('');
      startRecording().then(setRecording, failed);
    },
    end: (keep) => {
      if (!recording) return;
      setRecording(undefined);
      if (keep) recording.stop().then(onFile, failed);
      else recording.cancel();
    },
  };
}
