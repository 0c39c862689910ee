import { describe, expect, test } from 'vitest';
import { isRight, wordsOf } from './match.ts';

describe('comparable words', () => {
  test.each([
    ['This is a CAT.', ['this', 'is', 'a', 'cat']],
    ['I can’t tell what this is!', ['i', "can't", 'tell', 'what', 'this', 'is']],
    ['“ice-cream”, 2 scoops', ['ice', 'cream', '2', 'scoops']],
    ['Ein grüner APFEL; eﬀekt', ['ein', 'grüner', 'apfel', 'effekt']],
    ["'quoted' rock 'n' roll", ['quoted', 'rock', 'n', 'roll']],
    ['नमस्ते दुनिया', ['नमस्ते', 'दुनिया']],
    ['… 🙂 --', []],
  ])('%s', (text, words) => expect(wordsOf(text)).toEqual(words));
});

describe('rules', () => {
  test('exact: the same words, however they are written', () => {
    expect(isRight(' Cat. ', ['cat'], 'exact')).toBe(true);
    expect(isRight('The cat', ['cat'], 'exact')).toBe(false);
    expect(isRight('dog', ['cat', 'dog'], 'exact')).toBe(true);
    expect(isRight('', ['cat'], 'exact')).toBe(false);
  });

  test('contains: whole words side by side', () => {
    expect(isRight('This is a cat.', ['cat'], 'contains')).toBe(true);
    expect(isRight('This is a caterpillar.', ['cat'], 'contains')).toBe(false);
    expect(isRight('An ice-cold cream', ['ice cream'], 'contains')).toBe(false);
    expect(isRight('It is ice-cream.', ['ice cream'], 'contains')).toBe(true);
    expect(isRight('ice', ['ice cream'], 'contains')).toBe(false);
  });

  test('starts-with: the first words', () => {
    expect(isRight('No, it is a pear.', ['no'], 'starts-with')).toBe(true);
    expect(isRight('Nothing', ['no'], 'starts-with')).toBe(false);
    expect(isRight('It is no pear', ['no'], 'starts-with')).toBe(false);
  });
});
