import { describe, expect, it } from 'vitest';
import { attachmentKind, sortFiles } from './attachments.ts';

const ALL = { image: true, audio: true, video: true };

describe('attachmentKind', () => {
  it.each([
    ['cat.png', 'image/png', 'image'],
    ['question.wav', 'audio/wav', 'audio'],
    ['clip.mp4', 'video/mp4', 'video'],
    ['clip.MKV', '', 'video'],
    ['song.flac', 'application/octet-stream', 'audio'],
    ['photo.jpg', '', 'image'],
    ['notes.pdf', 'application/pdf', undefined],
    ['page.html', 'text/html', undefined],
    ['text.png', 'text/plain', undefined],
  ])('%s of type "%s" is %s', (name, type, kind) => {
    expect(attachmentKind({ name, type })).toBe(kind);
  });
});

describe('sortFiles', () => {
  const cat = new File(['x'], 'cat.png', { type: 'image/png' });
  const song = new File(['x'], 'song.mp3', { type: 'audio/mpeg' });

  it('keeps the order of what it accepts', () => {
    expect(sortFiles([song, cat], ALL)).toEqual({
      accepted: [
        { kind: 'audio', file: song },
        { kind: 'image', file: cat },
      ],
      refused: [],
    });
  });

  it('names every file that it refuses, and why', () => {
    const pdf = new File(['x'], 'notes.pdf', { type: 'application/pdf' });
    const empty = new File([], 'empty.png', { type: 'image/png' });
    const { accepted, refused } = sortFiles([pdf, song, empty, cat], { ...ALL, audio: false });
    expect(accepted).toEqual([{ kind: 'image', file: cat }]);
    expect(refused).toEqual([
      '“notes.pdf” is neither a picture, a sound nor a video.',
      '“song.mp3” was left out: this checkpoint takes no sound.',
      '“empty.png” is empty.',
    ]);
  });
});
