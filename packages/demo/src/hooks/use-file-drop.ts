import { useEffect, useState } from 'preact/hooks';

/** Takes files that are dropped anywhere on the page, or pasted. Returns whether files hover over the page. */
export function useFileDrop(onFiles: (files: File[]) => void): boolean {
  const [hovering, setHovering] = useState(false);
  useEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    // Each element that the pointer crosses sends a pair of events.
    let depth = 0;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const on = (
      type: 'dragenter' | 'dragleave' | 'dragover' | 'drop',
      listener: (event: DragEvent) => void,
    ) =>
      window.addEventListener(
        type,
        (event) => {
          if (!hasFiles(event)) return;
          event.preventDefault();
          listener(event);
        },
        { signal },
      );
    on('dragenter', () => {
      depth++;
      setHovering(true);
    });
    on('dragover', () => undefined);
    on('dragleave', () => {
      depth--;
      if (depth <= 0) setHovering(false);
    });
    on('drop', (event) => {
      depth = 0;
      setHovering(false);
      onFiles([...(event.dataTransfer?.files ?? [])]);
    });
    window.addEventListener(
      'paste',
      (event) => {
        const files = [...(event.clipboardData?.files ?? [])];
        if (files.length === 0) return;
        event.preventDefault();
        onFiles(files);
      },
      { signal },
    );
    return () => listening.abort();
  }, [onFiles]);
  return hovering;
}
