import { describe, expect, test } from 'vitest';
import { EvaluationSetError, parseSet } from './set.ts';

const ITEM = { id: 'a', kind: 'name', image: 'a.png', question: 'What is this?', answers: ['cat'] };
const set = (items: readonly unknown[], more: object = {}): string =>
  JSON.stringify({ version: 1, name: 'test', items, ...more });

describe('a set', () => {
  test('gives every item its turns, files and rule', () => {
    const items = [
      ITEM,
      { id: 'b', kind: 'scene/color', image: ['x/1.jpg', '2.jpeg'], answers: ['red'], match: 'contains' },
      { id: 'c', kind: 'video', video: ['1.png', '2.png'], audio: 'w.wav', answers: ['Two!'] },
      {
        id: 'd',
        kind: 'follow-up',
        turns: [{ image: 'a.png', question: 'What is this?', reply: 'A cat.' }, { question: 'Color?' }],
        answers: ['black'],
      },
    ];
    const parsed = parseSet(set(items, { match: 'starts-with', description: 'ours' }));
    expect(parsed).toMatchObject({ name: 'test', description: 'ours' });
    const turn = { question: '', images: [], audio: [], video: [] };
    expect(parsed.items).toEqual([
      {
        id: 'a',
        kind: 'name',
        turns: [{ ...turn, question: 'What is this?', images: ['a.png'] }],
        answers: ['cat'],
        match: 'starts-with',
      },
      {
        id: 'b',
        kind: 'scene/color',
        turns: [{ ...turn, images: ['x/1.jpg', '2.jpeg'] }],
        answers: ['red'],
        match: 'contains',
      },
      {
        id: 'c',
        kind: 'video',
        turns: [{ ...turn, video: ['1.png', '2.png'], audio: ['w.wav'] }],
        answers: ['Two!'],
        match: 'starts-with',
      },
      {
        id: 'd',
        kind: 'follow-up',
        turns: [
          { ...turn, question: 'What is this?', images: ['a.png'], reply: 'A cat.' },
          { ...turn, question: 'Color?' },
        ],
        answers: ['black'],
        match: 'starts-with',
      },
    ]);
  });

  test('compares exactly unless it says otherwise', () => {
    expect(parseSet(set([ITEM])).items[0]!.match).toBe('exact');
  });
});

describe('what is wrong is named by item and field', () => {
  const { image: _, ...noImage } = ITEM;
  test.each<[string, string, string | undefined, string, RegExp]>([
    ['no JSON', '{', undefined, 'the file', /no JSON/],
    ['another version', set([ITEM], { version: 2 }), undefined, 'version', /is 2; expected 1/],
    ['no items', set([]), undefined, 'items', /at least one item/],
    ['an unknown field of the set', set([ITEM], { author: 'x' }), undefined, 'author', /author/],
    ['an unknown rule', set([{ ...ITEM, match: 'like' }]), 'a', 'match', /like/],
    ['an unknown field', set([{ ...ITEM, picture: 'a.png' }]), 'a', 'picture', /picture/],
    ['no answers', set([{ ...ITEM, answers: [] }]), 'a', 'answers', /at least one accepted/],
    ['an answer of signs', set([{ ...ITEM, answers: ['cat', '?!'] }]), 'a', 'answers.1', /letters or digits/],
    ['an answer that is no text', set([{ ...ITEM, answers: [3] }]), 'a', 'answers.0', /3/],
    ['a path out of the folder', set([{ ...ITEM, image: '../a.png' }]), 'a', 'image', /inside the folder/],
    ['an absolute path', set([{ ...ITEM, image: '/a.png' }]), 'a', 'image', /inside the folder/],
    ['a path of another system', set([{ ...ITEM, image: 'C:/a.png' }]), 'a', 'image', /inside the folder/],
    ['another file type', set([{ ...ITEM, image: ['a.png', 'a.gif'] }]), 'a', 'image.1', /\.png or \.jpg/],
    ['a sound that is no WAV', set([{ ...noImage, audio: 'a.mp3' }]), 'a', 'audio', /\.wav/],
    ['an empty list', set([{ ...ITEM, image: [] }]), 'a', 'image', /at least one file/],
    ['nothing asked', set([{ ...noImage, question: ' ' }]), 'a', 'question', /is empty/],
    ['an id twice', set([ITEM, ITEM]), 'a', 'id', /another item has it/],
    ['no id', set([ITEM, { ...ITEM, id: undefined }]), '#1', 'id', /id/],
    ['no item', set([null]), '#0', 'the item', /Expected Object/],
    [
      'turns beside a question',
      set([{ ...ITEM, turns: [{ question: 'x' }] }]),
      'a',
      'question',
      /beside turns/,
    ],
    [
      'a reply at the end',
      set([
        { id: 'a', kind: 'k', answers: ['x'], turns: [{ question: 'x' }, { question: 'y', reply: 'z' }] },
      ]),
      'a',
      'turns.1.reply',
      /last turn/,
    ],
  ])('%s', (_name, json, item, field, message) => {
    let error: unknown;
    try {
      parseSet(json);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(EvaluationSetError);
    expect(error).toMatchObject({
      code: 'evaluation-set-invalid',
      item,
      field,
      message: expect.stringMatching(message),
    });
  });
});
