import { useRef, useState } from 'preact/hooks';
import type { CheckpointPlace } from '../state/session-types.ts';

/** Not in all browsers, and not in TypeScript's library. */
type DirectoryPicker = (options: { mode: 'read' }) => Promise<FileSystemDirectoryHandle>;

/** Opens a checkpoint folder of this device; nothing is uploaded or copied. */
export function FolderChooser({ onOpen }: { readonly onOpen: (place: CheckpointPlace) => void }) {
  const input = useRef<HTMLInputElement | null>(null);
  const [problem, setProblem] = useState('');
  const choose = (): void => {
    setProblem('');
    const { showDirectoryPicker } = window as { showDirectoryPicker?: DirectoryPicker };
    if (!showDirectoryPicker) {
      input.current!.click();
      return;
    }
    showDirectoryPicker.call(window, { mode: 'read' }).then(onOpen, (error: Error) => {
      // Leaving the picker without a choice is no problem.
      if (error.name !== 'AbortError') setProblem(`The folder cannot be opened: ${error.message}`);
    });
  };
  return (
    <div class="dialog-section">
      <p>A folder on this device, as the exporter wrote it</p>
      <div class="button-row">
        <button type="button" class="button" onClick={choose}>
          Choose a folder
        </button>
        <input
          ref={(element) => {
            input.current = element;
            if (element) element.webkitdirectory = true;
          }}
          class="visually-hidden"
          type="file"
          aria-label="Checkpoint folder"
          tabIndex={-1}
          onChange={() => {
            const files = [...(input.current!.files ?? [])];
            if (files.length > 0) onOpen(files);
          }}
        />
      </div>
      {problem && <p role="alert">{problem}</p>}
    </div>
  );
}
