let count = 0;

/** Asks for a camera. @throws DOMException when the browser or the person says no. */
export async function openCamera(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({
    video: { facingMode: 'environment', width: { ideal: 1280 }, height: { ideal: 720 } },
  });
}

/** What the camera shows now, as a PNG file. */
export async function takePicture(video: HTMLVideoElement): Promise<File> {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')!.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error(`The camera gave a picture of ${canvas.width} x ${canvas.height} pixels.`);
  return new File([blob], `camera-${++count}.png`, { type: 'image/png' });
}
