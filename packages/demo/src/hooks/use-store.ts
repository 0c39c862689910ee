import { useLayoutEffect, useState } from 'preact/hooks';
import type { Readable } from '../state/store.ts';

/** The store's value; the component is drawn again when it changes. */
export function useStore<T>(store: Readable<T>): T {
  const [value, setValue] = useState(() => store.get());
  useLayoutEffect(() => {
    // It may have changed between the first drawing and now.
    setValue(() => store.get());
    return store.subscribe(() => setValue(() => store.get()));
  }, [store]);
  return value;
}
