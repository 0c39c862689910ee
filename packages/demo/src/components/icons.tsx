import type { ComponentChildren } from 'preact';

/** Line icons of 20 x 20; the name of their button says what they mean. */
function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const PictureIcon = () => (
  <Icon>
    <rect x="2.5" y="3.5" width="15" height="13" rx="2" />
    <circle cx="7" cy="8" r="1.4" />
    <path d="m3 14.5 4-3.5 3 2.5 3.5-4 4 4" />
  </Icon>
);
export const CameraIcon = () => (
  <Icon>
    <path d="M2.5 7a1.5 1.5 0 0 1 1.5-1.5h2L7.3 3.5h5.4L14 5.5h2A1.5 1.5 0 0 1 17.5 7v7.5A1.5 1.5 0 0 1 16 16H4a1.5 1.5 0 0 1-1.5-1.5z" />
    <circle cx="10" cy="10.5" r="3" />
  </Icon>
);
export const SoundIcon = () => (
  <Icon>
    <path d="M3.5 8v4M6.8 5.5v9M10 3v14M13.2 6.5v7M16.5 8.5v3" />
  </Icon>
);
export const MicrophoneIcon = () => (
  <Icon>
    <rect x="7.3" y="2.5" width="5.4" height="9.5" rx="2.7" />
    <path d="M4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5" />
  </Icon>
);
export const VideoIcon = () => (
  <Icon>
    <rect x="2.5" y="4.5" width="10.5" height="11" rx="2" />
    <path d="m13 8.7 4.5-2.6v7.8L13 11.3z" />
  </Icon>
);
export const SendIcon = () => (
  <Icon>
    <path d="M10 16.5v-13M4.5 9 10 3.5 15.5 9" />
  </Icon>
);
export const StopIcon = () => (
  <Icon>
    <rect x="5" y="5" width="10" height="10" rx="1.5" fill="currentColor" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m5.5 5.5 9 9m0-9-9 9" />
  </Icon>
);
export const NewIcon = () => (
  <Icon>
    <path d="M10 4v12M4 10h12" />
  </Icon>
);
export const FolderIcon = () => (
  <Icon>
    <path d="M2.5 6A1.5 1.5 0 0 1 4 4.5h3.6l1.8 2H16A1.5 1.5 0 0 1 17.5 8v6A1.5 1.5 0 0 1 16 15.5H4A1.5 1.5 0 0 1 2.5 14z" />
  </Icon>
);
export const PanelIcon = () => (
  <Icon>
    <rect x="2.5" y="3.5" width="15" height="13" rx="2" />
    <path d="M12 3.5v13" />
  </Icon>
);
export const WarningIcon = () => (
  <Icon>
    <path d="M10 3 2.5 16.5h15zM10 8v4M10 14.4v.1" />
  </Icon>
);
