import { useEffect, useRef, useState } from 'preact/hooks';
import { formatClock } from '../state/format.ts';
import type { Recording } from '../media/microphone.ts';
import { StopIcon } from './icons.tsx';

interface RecorderBarProps {
  readonly recording: Recording;
  readonly onStop: () => void;
  readonly onCancel: () => void;
}

const METER_INTERVAL_MS = 60;
/** The meter rises at once and falls by this share per reading, so that short sounds can be seen. */
const METER_FALL = 0.06;

/** Shown while the microphone is on: level, time, and the way out. */
export function RecorderBar({ recording, onStop, onCancel }: RecorderBarProps) {
  const [{ level, seconds }, setReading] = useState({ level: 0, seconds: 0 });
  const stop = useRef<HTMLButtonElement>(null);
  // The button that started the recording is gone.
  useEffect(() => stop.current!.focus(), []);
  useEffect(() => {
    const timer = setInterval(
      () =>
        setReading((last) => ({
          level: Math.max(recording.level(), last.level - METER_FALL),
          seconds: recording.seconds(),
        })),
      METER_INTERVAL_MS,
    );
    return () => clearInterval(timer);
  }, [recording]);
  return (
    <div class="recorder" role="group" aria-label="Recording">
      <span class="recorder-dot" aria-hidden="true" />
      <span class="numbers" role="timer" aria-label="Length of the recording">
        {formatClock(seconds)}
      </span>
      <meter
        class="level"
        aria-label="Microphone level"
        min={0}
        max={1}
        value={level}
        style={{ '--level': `${level * 100}%` }}
      />
      <button type="button" class="button button-primary" ref={stop} onClick={onStop}>
        <StopIcon />
        Stop recording
      </button>
      <button type="button" class="button" onClick={onCancel}>
        Discard
      </button>
    </div>
  );
}
