import { decodeImage } from './decode.ts';

/** Decodes the posted file where no window exists; answers with the pixels. */
self.addEventListener('message', ({ data }: MessageEvent<Blob>) => {
  void decodeImage(data).then((image) => self.postMessage(image, { transfer: [image.data.buffer] }));
});
