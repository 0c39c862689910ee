import { useEffect, useRef, useState } from 'preact/hooks';
import { openCamera, takePicture } from '../media/camera.ts';
import { describeDeviceError } from '../media/device-error.ts';
import { Modal } from './modal.tsx';

interface CameraDialogProps {
  readonly onPicture: (file: File) => void;
  readonly onClose: () => void;
}

export function CameraDialog({ onPicture, onClose }: CameraDialogProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [ready, setReady] = useState(false);
  const [taking, setTaking] = useState(false);
  const [problem, setProblem] = useState('');

  useEffect(() => {
    let closed = false;
    const opening = openCamera();
    const release = (stream: MediaStream): void => stream.getTracks().forEach((track) => track.stop());
    opening.then(
      (stream) => {
        if (!closed) video.current!.srcObject = stream;
      },
      (error: unknown) => setProblem(describeDeviceError('camera', error)),
    );
    return () => {
      closed = true;
      opening.then(release, () => undefined);
    };
  }, []);

  const take = (): void => {
    setTaking(true);
    takePicture(video.current!).then(
      (file) => {
        onPicture(file);
        onClose();
      },
      (error: unknown) => setProblem(describeDeviceError('camera', error)),
    );
  };

  return (
    <Modal title="Camera" onClose={onClose}>
      {problem ? (
        <p role="alert">{problem}</p>
      ) : (
        <video
          ref={video}
          class="camera-view"
          autoPlay
          muted
          playsInline
          aria-label="What the camera shows"
          onLoadedData={() => setReady(true)}
        />
      )}
      <div class="button-row">
        <button type="button" class="button button-primary" disabled={!ready || taking} onClick={take}>
          Take the picture
        </button>
      </div>
    </Modal>
  );
}
