/** A recording in progress. */
export interface Recording {
  /** Loudness now, 0 (silence) to 1 (full scale), as a meter shows it. */
  level(): number;
  seconds(): number;
  /** Ends the recording and gives its file. */
  stop(): Promise<File>;
  /** Ends the recording and throws it away. */
  cancel(): void;
}

const TYPES = [
  { type: 'audio/webm;codecs=opus', extension: 'webm' },
  { type: 'audio/ogg;codecs=opus', extension: 'ogg' },
  { type: 'audio/mp4', extension: 'm4a' },
];

/** Quietest level that the meter shows, in dB below full scale. */
const METER_FLOOR_DB = 60;

let count = 0;

/**
 * Asks for the microphone and starts. The microphone is off again after any error.
 * @throws DOMException when the browser or the person says no.
 */
export async function startRecording(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({
    // Speech filters remove other sounds, which are as welcome as speech.
    audio: { echoCancellation: false, noiseSuppression: false },
  });
  let context: AudioContext | undefined;
  const release = (): void => {
    for (const track of stream.getTracks()) track.stop();
    void context?.close();
  };
  try {
    context = new AudioContext();
    return record(stream, createMeter(stream, context), release);
  } catch (error) {
    release();
    throw error;
  }
}

/** Records until the end, then calls `release`. */
function record(stream: MediaStream, level: () => number, release: () => void): Recording {
  const format = TYPES.find(({ type }) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, format ? { mimeType: format.type } : {});
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const started = performance.now();
  const stopped = new Promise<void>((resolve) => {
    recorder.addEventListener('stop', () => resolve(), { once: true });
  });
  recorder.start();

  const end = async (): Promise<void> => {
    if (recorder.state !== 'inactive') recorder.stop();
    await stopped;
    release();
  };
  return {
    level,
    seconds: () => (performance.now() - started) / 1000,
    stop: async () => {
      await end();
      const type = recorder.mimeType.split(';')[0] || 'audio/webm';
      return new File(parts, `recording-${++count}.${format?.extension ?? 'webm'}`, { type });
    },
    cancel: () => void end(),
  };
}

/** The loudness of `stream` now; see {@link Recording.level}. */
function createMeter(stream: MediaStream, context: AudioContext): () => number {
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return () => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const decibels = 10 * Math.log10(power);
    return Math.min(1, Math.max(0, 1 + decibels / METER_FLOOR_DB));
  };
}
