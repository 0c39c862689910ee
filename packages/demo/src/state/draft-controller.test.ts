import { expect, it } from 'vitest';
import { DraftController } from './draft-controller.ts';

const ALL = { image: true, audio: true, video: true };
const cat = new File(['cat'], 'cat.png', { type: 'image/png' });
const song = new File(['song'], 'song.wav', { type: 'audio/wav' });

it('collects text and files and hands them over once', () => {
  const draft = new DraftController();
  expect(draft.take()).toBeUndefined();
  draft.setText('  \n ');
  expect(draft.take()).toBeUndefined();
  draft.setText(' What is this? ');
  draft.addFiles([cat], ALL);
  draft.addFiles([song], ALL);
  const question = draft.take();
  expect(question?.text).toBe('What is this?');
  expect(question?.attachments.map(({ kind, name }) => [kind, name])).toEqual([
    ['image', 'cat.png'],
    ['audio', 'song.wav'],
  ]);
  expect(draft.state.get()).toEqual({ text: '', attachments: [], notice: '' });
});

it('sends a picture without any text', () => {
  const draft = new DraftController();
  draft.addFiles([cat], ALL);
  expect(draft.take()).toMatchObject({ text: '', attachments: [{ name: 'cat.png' }] });
});

it('removes one attachment and lets go of its preview', async () => {
  const draft = new DraftController();
  draft.addFiles([cat, song], ALL);
  const [first] = draft.state.get().attachments;
  expect(await (await fetch(first!.url)).text()).toBe('cat');
  draft.remove(first!.id);
  expect(draft.state.get().attachments.map(({ name }) => name)).toEqual(['song.wav']);
  await expect(fetch(first!.url)).rejects.toThrow();
});

it('says why a file was left out, until the next one', () => {
  const draft = new DraftController();
  draft.addFiles([song], { ...ALL, audio: false });
  expect(draft.state.get().notice).toContain('this checkpoint takes no sound');
  draft.addFiles([cat], ALL);
  expect(draft.state.get().notice).toBe('');
});
