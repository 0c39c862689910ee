import { describe, expect, it } from 'vitest';
import { PlaceholderCountError } from './errors.ts';
import { layoutPrompt } from './prompt-layout.ts';
import type { PromptSegment } from './prompt.ts';

const segments: PromptSegment[] = [
  { kind: 'text', ids: [1, 5] },
  { kind: 'image', index: 0 },
  { kind: 'image', index: 1 },
  { kind: 'text', ids: [6] },
  { kind: 'audio', index: 0 },
  { kind: 'text', ids: [7, 8, 9] },
];

describe('layoutPrompt', () => {
  it('places spans between text', () => {
    const layout = layoutPrompt(segments, { image: [3, 2], audio: [4] });
    expect(layout.length).toBe(15);
    expect([...layout.ids]).toEqual([1, 5, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 7, 8, 9]);
    expect(layout.spans).toEqual([
      { kind: 'image', index: 0, start: 2, length: 3 },
      { kind: 'image', index: 1, start: 5, length: 2 },
      { kind: 'audio', index: 0, start: 8, length: 4 },
    ]);
  });

  it('places nothing when there are no files', () => {
    const layout = layoutPrompt([{ kind: 'text', ids: [1, 2] }], {});
    expect(layout).toEqual({ length: 2, ids: Uint32Array.of(1, 2), spans: [] });
  });

  it.each([
    [
      { image: [3], audio: [4] },
      { modality: 'image', placeholders: 2, files: 1 },
    ],
    [{ image: [3, 2] }, { modality: 'audio', placeholders: 1, files: 0 }],
    [
      { image: [3, 2], audio: [4], video: [1] },
      { modality: 'video', placeholders: 0, files: 1 },
    ],
  ])('refuses other numbers of files: %o', (lengths, details) => {
    const act = (): unknown => layoutPrompt(segments, lengths);
    expect(act).toThrow(PlaceholderCountError);
    expect(act).toThrow(expect.objectContaining({ code: 'placeholder-count', details }));
  });
});
