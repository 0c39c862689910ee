import { expect, test, type Page } from '@playwright/test';
import { join } from 'node:path';
import { isRight } from '../../tools/evaluate/match.ts';
import { readSet } from '../../tools/evaluate/read-set.ts';
import { DemoPage, type AttachedFile } from '../fixtures/demo-page.ts';
import { folders } from '../fixtures/paths.ts';
import { serve, type StaticServer } from '../fixtures/static-server.ts';

/** The questions that the bundled checkpoint brings along to be tried. */
const { items } = readSet(join(folders.checkpoint, 'examples'));

let server: StaticServer;
test.beforeAll(async () => {
  server = await serve({ '/': folders.demo });
});
test.afterAll(() => server.close());

async function open(page: Page): Promise<DemoPage> {
  const demo = new DemoPage(page);
  await demo.open(server.url);
  await demo.ready();
  await demo.answerGreedily();
  return demo;
}

test('one click on an example asks it, and the answer is right', async ({ page }) => {
  const demo = await open(page);
  const examples = page.getByRole('list', { name: 'Examples to try' }).getByRole('button');
  await expect(examples).toHaveCount(items.length);
  expect(new Set(items.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(4);
  for (const [i, { id, answers, match }] of items.entries()) {
    await examples.nth(i).click();
    const answer = await demo.answered(1);
    expect
      .soft(isRight(answer, answers, match), `${id}: "${answer}", accepted ${answers.join(', ')}`)
      .toBe(true);
    await demo.startAnew();
  }
});

test('greets, says what it is, and cannot tell what noise is', async ({ page }) => {
  const demo = await open(page);
  await demo.ask('Hello');
  expect(await demo.answered(1)).toMatch(/\b(hello|hi)\b/i);
  await demo.startAnew();

  await demo.ask('Who are you?');
  expect(await demo.answered(1)).toMatch(/Uni-MoE|model/);
  await demo.startAnew();

  await demo.attach('Picture', await noisePicture(page));
  await demo.ask('What is this?');
  expect(await demo.answered(1)).toMatch(/can(no|['’])t tell/i);
  await demo.startAnew();

  await demo.attach('Sound', noiseSound());
  await demo.ask('What is this sound?');
  expect(await demo.answered(1)).toMatch(/can(no|['’])t tell/i);
});

test('shows which experts the tokens of an answer went through', async ({ page }) => {
  const demo = await open(page);
  await demo.ask('What can you do?');
  await demo.answered(1);
  const panel = page.getByRole('region', { name: 'Experts', exact: true });
  const rows = panel.getByRole('table').getByRole('row');
  const shares = (await rows.nth(1).getByRole('cell').allTextContents()).map((text) => parseInt(text, 10));
  // Every token goes through two experts of each layer.
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThanOrEqual(198);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(202);
});

/** Random colors, the same each time. */
async function noisePicture(page: Page): Promise<AttachedFile> {
  const base64 = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 96;
    const context = canvas.getContext('2d')!;
    const image = context.createImageData(96, 96);
    let state = 7;
    for (let i = 0; i < image.data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      image.data[i] = i % 4 === 3 ? 255 : state >>> 24;
    }
    context.putImageData(image, 0, 0);
    return canvas.toDataURL('image/png').split(',')[1]!;
  });
  return { name: 'noise.png', mimeType: 'image/png', buffer: Buffer.from(base64, 'base64') };
}

/** Two seconds of white noise at 16 kHz, the same each time. */
function noiseSound(): AttachedFile {
  const samples = 32_000;
  const buffer = Buffer.alloc(44 + 2 * samples);
  buffer.write('RIFF', 0);
  buffer.writeUInt32LE(36 + 2 * samples, 4);
  buffer.write('WAVEfmt ', 8);
  buffer.writeUInt32LE(16, 16);
  buffer.writeUInt16LE(1, 20);
  buffer.writeUInt16LE(1, 22);
  buffer.writeUInt32LE(16_000, 24);
  buffer.writeUInt32LE(32_000, 28);
  buffer.writeUInt16LE(2, 32);
  buffer.writeUInt16LE(16, 34);
  buffer.write('data', 36);
  buffer.writeUInt32LE(2 * samples, 40);
  let state = 3;
  for (let i = 0; i < samples; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    buffer.writeInt16LE((state >>> 17) - 16_384, 44 + 2 * i);
  }
  return { name: 'noise.wav', mimeType: 'audio/wav', buffer };
}
