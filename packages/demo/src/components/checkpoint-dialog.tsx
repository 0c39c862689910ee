import { useId, useState } from 'preact/hooks';
import { parseAddress } from '../state/checkpoint-address.ts';
import type { CheckpointPlace } from '../state/session-types.ts';
import { FolderChooser } from './folder-chooser.tsx';
import { Modal } from './modal.tsx';
import { StoredList } from './stored-list.tsx';

interface CheckpointDialogProps {
  readonly defaultPlace: string;
  readonly onOpen: (place: CheckpointPlace) => void;
  readonly onClose: () => void;
}

/** Chooses another checkpoint: by address, from a folder of this device, or one that is stored already. */
export function CheckpointDialog({ defaultPlace, onOpen, onClose }: CheckpointDialogProps) {
  const open = (place: CheckpointPlace): void => {
    onClose();
    onOpen(place);
  };
  return (
    <Modal title="Open another checkpoint" onClose={onClose}>
      <p class="muted">The current model is unloaded and a new conversation begins.</p>
      <AddressForm onOpen={open} />
      <FolderChooser onOpen={open} />
      <StoredList onOpen={open} />
      <div class="button-row">
        <button type="button" class="button" onClick={() => open(defaultPlace)}>
          Open the checkpoint of this page
        </button>
      </div>
    </Modal>
  );
}

function AddressForm({ onOpen }: { readonly onOpen: (url: string) => void }) {
  const id = useId();
  const [address, setAddress] = useState('');
  const [problem, setProblem] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    const parsed = parseAddress(address, document.baseURI);
    if (parsed.ok) onOpen(parsed.url);
    else setProblem(parsed.problem);
  };
  return (
    <form class="dialog-section" noValidate onSubmit={submit}>
      <label for={id}>Address of a checkpoint</label>
      <div class="input-row">
        <input
          id={id}
          autofocus
          type="url"
          inputMode="url"
          autocomplete="off"
          spellcheck={false}
          placeholder="https://example.org/checkpoint/"
          value={address}
          aria-invalid={problem !== ''}
          aria-describedby={`${id}-hint`}
          onInput={(event) => {
            setAddress(event.currentTarget.value);
            setProblem('');
          }}
        />
        <button type="submit" class="button button-primary">
          Load
        </button>
      </div>
      <p
        id={`${id}-hint`}
        class={problem ? 'field-problem small' : 'muted small'}
        role={problem ? 'alert' : undefined}
      >
        {problem || 'The server has to allow this page to read it (CORS).'}
      </p>
    </form>
  );
}
