import { expect, it } from 'vitest';
import { Announcer } from './announcer.ts';

it('says sentences once, when they are complete', () => {
  const announcer = new Announcer();
  const answer = 'A cat. It sits on 3.5 mats';
  const said = [];
  for (let length = 1; length <= answer.length; length++)
    said.push(announcer.update(answer.slice(0, length)));
  expect(said.filter((text) => text !== '')).toEqual(['A cat.']);
  expect(announcer.finish()).toBe('It sits on 3.5 mats');
  expect(announcer.finish()).toBe('');
});
