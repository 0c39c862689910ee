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

/** Asks for the microphone and starts. @throws DOMException when the browser or the person says no. */
export async function startRecording(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({
    // Speech filters remove other sounds, which are as welcome as speech.
    audio: { echoCancellation: false, noiseSuppression: false },
  });
  const format = TYPES.find(({ type }) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, format ? { mimeType: format.type } : {});
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const meter = createMeter(stream);
  const started = performance.now();
  const stopped = new Promise<void>((resolve) => {
    recorder.addEventListener('stop', () => resolve(), { once: true });
  });
  recorder.start();

  const end = async (): Promise<void> => {
    if (recorder.state !== 'inactive') recorder.stop();
    await stopped;
    for (const track of stream.getTracks()) track.stop();
    meter.close();
  };
  return {
    level: meter.level,
    seconds: () => (performance.now() - started) / 1000,
    stop: async () => {
      await end();
      const type = recorder.mimeType.split(';')[0] || 'audio/webm';
      return new File(parts, `recording-${++count}.${format?.extension ?? 'webm'}`, { type });
    },
    cancel: () => void end(),
  };
}

function createMeter(stream: MediaStream): { level: () => number; close: () => void } {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level: () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const decibels = 10 * Math.log10(power);
      return Math.min(1, Math.max(0, 1 + decibels / METER_FLOOR_DB));
    },
    close: () => void context.close(),
  };
}
