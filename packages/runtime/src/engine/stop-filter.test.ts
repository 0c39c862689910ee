import { describe, expect, it } from 'vitest';
import { StopFilter } from './stop-filter.ts';

/** Feeds pieces and returns what was shown after each, the held rest last. */
function feed(stops: readonly string[], pieces: readonly string[]): { shown: string[]; stopped: boolean } {
  const filter = new StopFilter(stops);
  const shown: string[] = [];
  for (const piece of pieces) {
    const { text, stopped } = filter.push(piece);
    shown.push(text);
    if (stopped) return { shown, stopped };
  }
  shown.push(filter.finish());
  return { shown, stopped: false };
}

describe('StopFilter', () => {
  it('passes text through at once when there is nothing to look for', () => {
    expect(feed([], ['a', '', 'bc'])).toEqual({ shown: ['a', '', 'bc', ''], stopped: false });
  });

  it('holds back what may be the beginning of a stop string, and no more', () => {
    expect(feed(['END'], ['one E', 'N', 'x END'])).toEqual({ shown: ['one ', '', 'ENx '], stopped: true });
    expect(feed(['END'], ['the E', 'N'])).toEqual({ shown: ['the ', '', 'EN'], stopped: false });
  });

  it('finds a stop string inside one piece and across several', () => {
    expect(feed(['stop'], ['go stop go'])).toEqual({ shown: ['go '], stopped: true });
    expect(feed(['stop'], ['s', 't', 'o', 'p', 'x'])).toEqual({ shown: ['', '', '', ''], stopped: true });
  });

  it('restarts inside a partial match', () => {
    expect(feed(['aab'], ['a', 'a', 'a', 'b', 'c'])).toEqual({ shown: ['', '', 'a', ''], stopped: true });
    expect(feed(['abcabd'], ['abcabcabd!'])).toEqual({ shown: ['abc'], stopped: true });
  });

  it('takes the stop string that comes first', () => {
    expect(feed(['later', 'now'], ['right now or later'])).toEqual({ shown: ['right '], stopped: true });
    expect(feed(['ab', 'a'], ['xab'])).toEqual({ shown: ['x'], stopped: true });
  });

  it('works with characters outside the basic plane', () => {
    expect(feed(['🦊🐻'], ['hi 🦊', '🐼 🦊', '🐻'])).toEqual({ shown: ['hi ', '🦊🐼 ', ''], stopped: true });
  });
});
