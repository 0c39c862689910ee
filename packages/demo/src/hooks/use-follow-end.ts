import { useLayoutEffect, useRef } from 'preact/hooks';

/** Distance from the end in CSS pixels that still counts as being there. */
const NEAR_PIXELS = 40;

/**
 * Keeps the end of growing content in view, as long as the person has not scrolled away from it.
 * @param jump scrolls to the end whenever it changes, wherever the person is.
 * @returns the ref of the content; its parent scrolls.
 */
export function useFollowEnd(jump: unknown) {
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const toEnd = (): void => {
    const scroller = content.current!.parentElement!;
    scroller.scrollTop = scroller.scrollHeight;
  };
  useLayoutEffect(() => {
    const scroller = content.current!.parentElement!;
    const onScroll = (): void => {
      following.current = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PIXELS;
    };
    const observer = new ResizeObserver(() => following.current && toEnd());
    observer.observe(content.current!);
    scroller.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      scroller.removeEventListener('scroll', onScroll);
    };
  }, []);
  useLayoutEffect(() => {
    following.current = true;
    toEnd();
  }, [jump]);
  return content;
}
