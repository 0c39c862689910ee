import { expect, test } from '@playwright/test';
import { DemoPage } from '../fixtures/demo-page.ts';
import { folders } from '../fixtures/paths.ts';
import { serve, type StaticServer } from '../fixtures/static-server.ts';

// Any adapter will do here, so this is a checkpoint with random weights: what the trained ones say is tested with them.
let server: StaticServer;
test.beforeAll(async () => {
  server = await serve({ '/adapted/': folders.adapterCheckpoint, '/': folders.demo });
});
test.afterAll(() => server.close());

test('an adapter is switched by keyboard while the model runs, changes the next answer, and is remembered', async ({
  page,
}) => {
  const demo = new DemoPage(page);
  const open = async (): Promise<void> => {
    await demo.open(`${server.url}/?checkpoint=/adapted/`);
    await demo.ready();
    await demo.answerGreedily();
    await page.getByLabel('Most tokens').fill('24');
  };
  const answer = async (): Promise<string> => {
    await demo.ask('Tell me about the sea.');
    const text = await demo.answered(1);
    await demo.startAnew();
    return text;
  };
  await open();
  const toggle = page.getByRole('checkbox', { name: 'default' });
  const strength = page.getByRole('slider', { name: 'Strength of default' });
  await expect(toggle).toBeChecked();
  const adapted = await answer();

  await toggle.focus();
  await page.keyboard.press('Space');
  await expect(toggle).not.toBeChecked();
  await expect(strength).toBeDisabled();
  const plain = await answer();
  expect(plain).not.toBe(adapted);

  await page.keyboard.press('Escape');
  await toggle.focus();
  await page.keyboard.press('Space');
  expect(await answer()).toBe(adapted);

  await strength.focus();
  await page.keyboard.press('Home');
  await expect(strength).toHaveAttribute('aria-valuetext', /^10\s%$/);
  await demo.ask('Tell me about the sea.');
  await demo.answered(1);
  await expect(page.getByText(/with default at 10\s%/)).toBeVisible();

  await open();
  await expect(toggle).toBeChecked();
  await expect(strength).toHaveAttribute('aria-valuetext', /^10\s%$/);
  await toggle.click();
  await toggle.click();
  await expect(strength).toHaveAttribute('aria-valuetext', /^10\s%$/);
});

test('adapters are at hand on a narrow screen', async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 720 } });
  const page = await context.newPage();
  const demo = new DemoPage(page);
  await demo.open(`${server.url}/?checkpoint=/adapted/`);
  await demo.ready();
  await page.getByRole('button', { name: 'Details' }).click();
  const toggle = page.getByRole('checkbox', { name: 'default' });
  await toggle.click();
  await expect(toggle).not.toBeChecked();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await context.close();
});
