import { expect, it } from 'vitest';
import type { AttachmentKind } from './attachments.ts';
import { loadSuggestions, suggestionLabel, toQuestion } from './suggestions.ts';

const ALL = { image: true, audio: true, video: true };
const PLACE = 'https://host.test/some/model/';

function host(files: Record<string, string>) {
  return async (url: string): Promise<Response> => {
    const body = files[url.slice(`${PLACE}examples/`.length)];
    return body === undefined ? new Response('', { status: 404 }) : new Response(body);
  };
}

const ITEMS = [
  { image: 'apple.png', question: 'What is this?', answers: ['apple'] },
  { audio: ['hello.wav'], answers: ['hello'] },
  { question: ' Hi ', answers: ['hello'] },
  { video: ['a.png'], question: 'What happens?', answers: ['nothing'] },
  { turns: [{ question: 'a' }, { question: 'b' }], answers: ['c'] },
  null,
];
const FILES = { 'set.json': JSON.stringify({ items: ITEMS }), 'apple.png': 'PNG', 'hello.wav': 'WAV' };

it('are the questions of one turn beside the checkpoint, with their files', async () => {
  const suggestions = await loadSuggestions(PLACE, ALL, host(FILES));
  expect(
    suggestions.map(({ text, files }) => [text, files.map(({ kind, name }) => `${kind} ${name}`)]),
  ).toEqual([
    ['What is this?', ['image apple.png']],
    ['', ['audio hello.wav']],
    ['Hi', []],
  ]);
  expect(await suggestions[1]!.files[0]!.file.text()).toBe('WAV');
  const question = toQuestion(suggestions[0]!);
  expect(question).toMatchObject({
    text: 'What is this?',
    attachments: [{ kind: 'image', name: 'apple.png' }],
  });
  expect(question.attachments[0]!.url).toMatch(/^blob:/);
  URL.revokeObjectURL(question.attachments[0]!.url);
});

it('have a label also without text', () => {
  const file = (kind: AttachmentKind) => ({ kind, name: `a ${kind}`, file: new Blob() });
  expect([
    suggestionLabel({ text: 'What is this?', files: [file('image')] }),
    suggestionLabel({ text: '', files: [file('audio')] }),
    suggestionLabel({ text: '', files: [file('image')] }),
  ]).toEqual(['What is this?', 'A spoken question', 'A picture without a question']);
});

it('leave out what the checkpoint does not take', async () => {
  const suggestions = await loadSuggestions(PLACE, { ...ALL, audio: false }, host(FILES));
  expect(suggestions.map(({ text }) => text)).toEqual(['What is this?', 'Hi']);
});

it('are absent when there are none, one of their files is missing, or the list is something else', async () => {
  const { 'hello.wav': _, ...incomplete } = FILES;
  for (const files of [
    {},
    incomplete,
    { 'set.json': '<html>' },
    { 'set.json': '{"items":3}' },
    { 'set.json': 'null' },
  ]) {
    expect(await loadSuggestions(PLACE, ALL, host(files))).toEqual([]);
  }
});
