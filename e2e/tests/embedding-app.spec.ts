import { expect, test } from '@playwright/test';
import { folders, media } from '../fixtures/paths.ts';
import { serve, type StaticServer } from '../fixtures/static-server.ts';

let server: StaticServer;
test.beforeAll(async () => {
  server = await serve({ '/checkpoint/': folders.checkpoint, '/': folders.embeddingApp });
});
test.afterAll(() => server.close());

test('an app built with plain Vite answers about a picture, and text alone needs no wasm', async ({
  page,
}) => {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(server.url);
  const status = page.getByRole('status');
  await expect(status).toHaveText('Ready');

  await page.getByLabel('Question').fill('Hello');
  await page.getByRole('button', { name: 'Ask' }).click();
  await expect(status).toHaveText('Done');
  const textAnswer = await page.locator('#answer').textContent();
  expect(textAnswer).not.toBe('');
  expect(server.requests.filter((path) => path.endsWith('.wasm') || path.endsWith('.onnx'))).toEqual([]);

  await page.getByLabel('Picture').setInputFiles(media.picture);
  await page.getByRole('button', { name: 'Ask' }).click();
  await expect(page.locator('#answer')).toBeEmpty();
  await expect(page.locator('#answer')).not.toBeEmpty();
  await expect(status).toHaveText('Done');
  await expect(page.locator('#answer')).not.toHaveText(textAnswer ?? '');
  expect(server.requests.some((path) => path.endsWith('vision.onnx'))).toBe(true);
  expect(problems).toEqual([]);
});

test('a file that is no picture is an error that says so, and a new question ends the answer before', async ({
  page,
}) => {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(server.url);
  const status = page.getByRole('status');
  const answer = page.locator('#answer');
  await expect(status).toHaveText('Ready');

  await page
    .getByLabel('Picture')
    .setInputFiles({ name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await page.getByRole('button', { name: 'Ask' }).click();
  await expect(status).toHaveText(/^image-decode: /);

  await page.getByLabel('Picture').setInputFiles([]);
  await page.getByRole('button', { name: 'Ask' }).click();
  await expect(status).toHaveText('Done');
  const once = (await answer.textContent()) ?? '';
  expect(once).not.toBe('');

  await page.locator('#form').evaluate((form: HTMLFormElement) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  await expect(status).toHaveText('Done');
  await expect(answer).toHaveText(once);
  expect(problems).toEqual([]);
});

test('a tuning pass runs once where it is asked for, and nobody else downloads it', async ({ page }) => {
  const status = page.getByRole('status');
  const scripts = (): string[] => server.requests.filter((path) => /\/tuning-[^/]*\.js$/.test(path));
  server.requests.length = 0;
  await page.goto(server.url);
  await expect(status).toHaveText('Ready');
  expect(scripts()).toEqual([]);
  await expect(page.locator('#kernels')).toBeEmpty();

  for (const text of ['Tuned now', 'Tuned earlier']) {
    server.requests.length = 0;
    await page.goto(`${server.url}/?tuning=exact`);
    await expect(status).toHaveText('Ready');
    await expect(page.locator('#kernels')).toHaveText(text);
    expect(scripts()).toHaveLength(1);
  }
  await page.getByLabel('Question').fill('Hello');
  await page.getByRole('button', { name: 'Ask' }).click();
  await expect(status).toHaveText('Done');
  await expect(page.locator('#answer')).not.toBeEmpty();

  await page.goto(`${server.url}/?tuning=fast`);
  await expect(status).toHaveText(
    'invalid-option: tuning is fast; give "exact", "reduced", or leave it out.',
  );
});

test('a checkpoint that is not there is an error that says so', async ({ page }) => {
  await page.goto(`${server.url}/?checkpoint=/nothing-here/`);
  await expect(page.getByRole('status')).toContainText('checkpoint-not-found');
});
