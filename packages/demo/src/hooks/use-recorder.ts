import { useRef, useState } from 'preact/hooks';
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
  // From the click on: the browser may ask the person first, and another click must not ask for a second microphone.
  const isOn = useRef(false);
  const failed = (error: unknown): void => onProblem(describeDeviceError('microphone', error));
  return {
    recording,
    start: () => {
      if (isOn.current) return;
      isOn.current = true;
      onProblem('');
      startRecording().then(setRecording, (error: unknown) => {
        isOn.current = false;
        failed(error);
      });
    },
    end: (keep) => {
      if (!recording) return;
      isOn.current = false;
      setRecording(undefined);
      if (keep) recording.stop().then(onFile, failed);
      else recording.cancel();
    },
  };
}
