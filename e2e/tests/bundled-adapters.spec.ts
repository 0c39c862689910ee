import { expect, test, type Page } from '@playwright/test';
import { join } from 'node:path';
import { DemoPage } from '../fixtures/demo-page.ts';
import { folders } from '../fixtures/paths.ts';
import { serve, type StaticServer } from '../fixtures/static-server.ts';

const rocket = join(folders.checkpoint, 'examples/rocket.png');

let server: StaticServer;
test.beforeAll(async () => {
  server = await serve({ '/': folders.demo });
});
test.afterAll(() => server.close());

/** Asks about the picture in a new conversation, with these adapters on. */
async function answerWith(page: Page, demo: DemoPage, ...adapters: string[]): Promise<string> {
  for (const name of ['german', 'one-word']) {
    await page.getByRole('checkbox', { name }).setChecked(adapters.includes(name));
  }
  await demo.attach('Picture', rocket);
  await demo.ask('What is this?');
  const answer = await demo.answered(1);
  await demo.startAnew();
  return answer;
}

test('the adapters of the bundled checkpoint are off, say what they do, and change the answer while the model runs', async ({
  page,
}) => {
  const demo = new DemoPage(page);
  await demo.open(server.url);
  await demo.ready();
  await demo.answerGreedily();
  const panel = page.getByRole('region', { name: 'Adapters' });
  await expect(panel.getByRole('checkbox')).toHaveCount(2);
  await expect(panel.getByRole('checkbox', { checked: true })).toHaveCount(0);
  await expect(panel.getByText(/German/)).toBeVisible();
  await expect(panel.getByText(/one word/)).toBeVisible();

  const plain = await answerWith(page, demo);
  expect(plain).toMatch(/\brocket\b/i);
  expect(plain.trim().split(/\s+/).length).toBeGreaterThan(2);
  expect(await answerWith(page, demo, 'german')).toMatch(/^Das .*\bRakete\b/);
  expect(await answerWith(page, demo, 'one-word')).toMatch(/^rocket\.?$/i);
  expect(await answerWith(page, demo)).toBe(plain);
});
