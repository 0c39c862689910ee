import { RuntimeError } from '../../errors.ts';
import { decodeAudio } from './decode.ts';

/** Decodes the posted file where no window exists; answers with the samples or the error's code. */
self.addEventListener('message', ({ data }: MessageEvent<Blob>) => {
  decodeAudio(data).then(
    (audio) => self.postMessage(audio, { transfer: [audio.samples.buffer] }),
    (error: unknown) =>
      self.postMessage(error instanceof RuntimeError ? error.code : String(error), { transfer: [] }),
  );
});
