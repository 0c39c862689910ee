import { useEffect, useRef, useState } from 'preact/hooks';
import { formatBytes } from '../state/format.ts';
import { toProblem } from '../state/problem.ts';
import { deleteStored, listStored, type StoredCheckpoint } from '../stored-checkpoints.ts';

/** The checkpoints that this browser keeps, with what they take and a way to be rid of them. */
export function StoredList({ onOpen }: { readonly onOpen: (url: string) => void }) {
  const [stored, setStored] = useState<readonly StoredCheckpoint[]>();
  const [problem, setProblem] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const refresh = (): Promise<void> =>
    listStored().then(setStored, (error: unknown) => setProblem(toProblem(error).detail));
  useEffect(() => void refresh(), []);

  const remove = async (source: string, row: HTMLLIElement): Promise<void> => {
    setProblem('');
    try {
      await deleteStored(source);
      // The focused button goes away with its row.
      const next = row.nextElementSibling ?? row.previousElementSibling;
      if (row.contains(document.activeElement)) {
        (next?.querySelector<HTMLElement>('button:last-of-type') ?? heading.current!).focus();
      }
    } catch (error) {
      setProblem(toProblem(error).detail);
    }
    await refresh();
  };

  if (!stored && !problem) return null;
  return (
    <div class="dialog-section">
      <h3 ref={heading} tabIndex={-1}>
        Stored in this browser
      </h3>
      {problem && <p role="alert">{problem}</p>}
      {stored?.length === 0 && <p class="muted">Nothing</p>}
      <ul class="stored-list">
        {stored?.map(({ source, storedBytes, totalBytes }) => (
          <li key={source}>
            <span class="wrap">
              {source}
              <span class="muted small numbers stored-size">
                {formatBytes(storedBytes)}
                {storedBytes < totalBytes && ` of ${formatBytes(totalBytes)}`}
              </span>
            </span>
            <button type="button" class="button" aria-label={`Open ${source}`} onClick={() => onOpen(source)}>
              Open
            </button>
            <button
              type="button"
              class="button"
              aria-label={`Delete ${source}`}
              onClick={(event) => void remove(source, event.currentTarget.closest('li')!)}
            >
              Delete
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
