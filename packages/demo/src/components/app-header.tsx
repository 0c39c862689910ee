import { FolderIcon, NewIcon, PanelIcon } from './icons.tsx';

interface AppHeaderProps {
  readonly detailsOpen: boolean;
  readonly canStartAnew: boolean;
  readonly onToggleDetails: () => void;
  readonly onOpenCheckpoint: () => void;
  readonly onNewConversation: () => void;
}

export function AppHeader(props: AppHeaderProps) {
  return (
    <header class="app-header">
      <h1>
        Uni-MoE <span class="muted">in the browser</span>
      </h1>
      <div class="header-actions">
        <button
          type="button"
          class="button"
          aria-label="New conversation"
          disabled={!props.canStartAnew}
          onClick={props.onNewConversation}
        >
          <NewIcon />
          <span class="button-text">New conversation</span>
        </button>
        <button
          type="button"
          class="button"
          aria-label="Open another checkpoint"
          onClick={props.onOpenCheckpoint}
        >
          <FolderIcon />
          <span class="button-text">Checkpoint</span>
        </button>
        <button
          type="button"
          class="button details-toggle"
          aria-label="Details"
          aria-expanded={props.detailsOpen}
          aria-controls="details"
          onClick={props.onToggleDetails}
        >
          <PanelIcon />
          <span class="button-text">Details</span>
        </button>
      </div>
    </header>
  );
}
