import { expect, test, type Locator } from '@playwright/test';
import { DemoPage } from '../fixtures/demo-page.ts';
import { folders, media } from '../fixtures/paths.ts';
import { serve, type StaticServer } from '../fixtures/static-server.ts';

let server: StaticServer;
test.beforeAll(async () => {
  server = await serve({ '/some/path/': folders.demo, '/random/': folders.adapterCheckpoint });
});
test.afterAll(() => server.close());
test.beforeEach(() => server.setFault(undefined));

test('loads by itself, and answers about a picture and a recording', async ({ page }) => {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  const demo = new DemoPage(page);
  // A small checkpoint loads faster than a busy machine looks, so its weights wait for the look.
  let release!: (taken: boolean) => void;
  const looked = new Promise<boolean>((resolve) => (release = resolve));
  server.setFault((path) => path.endsWith('.safetensors') && looked);
  await demo.open(`${server.url}/some/path/`);
  await expect(page.getByRole('region', { name: 'Loading' })).toBeVisible();
  release(false);
  await demo.ready();

  await demo.attach('Picture', media.picture);
  await demo.attach('Sound', media.recording);
  await demo.ask('What do you see and hear?');
  await expect(demo.stop).toBeVisible();
  expect(await demo.answered(1)).not.toBe('');
  await expect(page.getByText(/tokens\/s/).first()).toBeVisible();

  await demo.ask('And what else?');
  expect(await demo.answered(2)).not.toBe('');
  expect(problems).toEqual([]);
});

test('an answer that streams can be stopped, and the next one comes', async ({ page }) => {
  const demo = new DemoPage(page);
  // Random weights go on until they may not, which should be long after the test has seen the beginning.
  await demo.open(`${server.url}/some/path/?checkpoint=/random/`);
  await demo.ready();
  await page.getByText('Sampling', { exact: true }).click();
  await page.getByLabel('Most tokens').fill('400');
  await demo.ask('Tell me a very long story.');
  await expect(demo.answers).not.toBeEmpty();
  await expect(demo.stop).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(demo.stop).toHaveCount(0);
  await expect(page.getByText('Stopped', { exact: false }).first()).toBeVisible();

  await demo.ask('And another one?');
  await expect(demo.answers).toHaveCount(2);
  await expect(demo.answers.last()).not.toBeEmpty();
  await page.keyboard.press('Escape');
  await expect(demo.stop).toHaveCount(0);
});

test('what the model writes is never markup, and what a person types is not either', async ({ page }) => {
  await page.addInitScript(recordMarkup);
  const demo = new DemoPage(page);
  await demo.open(`${server.url}/some/path/`);
  await demo.ready();
  await demo.ask('<img src=x onerror="document.title = \'taken over\'"><b>bold</b>');
  await demo.answered(1);
  await expect(page.locator('img[src="x"], main b')).toHaveCount(0);
  await expect(page).not.toHaveTitle('taken over');
  await expect(demo.answers.locator('*')).toHaveCount(0);
  expect(await page.evaluate(() => window.markup)).toEqual([]);

  // The record itself works.
  await page.evaluate(() => (document.createElement('p').innerHTML = 'a'));
  expect(await page.evaluate(() => window.markup)).toEqual(['innerHTML']);
});

test('a damaged checkpoint is refused with the file named', async ({ page }) => {
  server.setFault((path, response) => {
    if (!path.endsWith('.safetensors')) return false;
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(Buffer.alloc(1000));
    return true;
  });
  const demo = new DemoPage(page);
  await demo.open(`${server.url}/some/path/`);
  const alert = page.getByRole('alert').first();
  await expect(alert).toContainText('model-00001-of-00001.safetensors');
  await expect(alert).toContainText(/checkpoint-(integrity|format|network)/);
});

test('a network lost half way is reported, and trying again goes on', async ({ page }) => {
  server.setFault((path, response) => {
    if (!path.endsWith('.safetensors')) return false;
    response.destroy();
    return true;
  });
  const demo = new DemoPage(page);
  await demo.open(`${server.url}/some/path/`);
  const alert = page.getByRole('alert').first();
  await expect(alert).toContainText('checkpoint-network');
  server.setFault(undefined);
  await page
    .getByRole('button', { name: /try again|retry/i })
    .first()
    .click();
  await demo.ready();
  await demo.ask('Hello');
  expect(await demo.answered(1)).not.toBe('');
});

test('works by keyboard alone, on a narrow screen, in the dark', async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 720 }, colorScheme: 'dark' });
  const page = await context.newPage();
  const demo = new DemoPage(page);
  // Random weights go on until they may not.
  await demo.open(`${server.url}/some/path/?checkpoint=/random/`);
  await tabTo(demo.message);
  await page.keyboard.type('Tell me a very long story.');
  await expect(demo.send).toBeEnabled();
  await page.keyboard.press('Enter');
  // The focus waits there, because the answer may not.
  await tabTo(demo.stop);
  await expect(demo.answers).not.toBeEmpty();
  await page.keyboard.press('Space');
  await expect(demo.stop).toHaveCount(0);
  await expect(page.getByText('Stopped', { exact: false }).first()).toBeVisible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await context.close();
});

test('what was typed wrongly is gone with a way back to the sampling of the checkpoint', async ({ page }) => {
  const demo = new DemoPage(page);
  await demo.open(`${server.url}/some/path/?checkpoint=/random/`);
  await demo.ready();
  await page.getByText('Sampling', { exact: true }).click();
  const temperature = page.getByLabel('Temperature');
  const before = await temperature.inputValue();
  await temperature.fill('warm');
  await expect(page.getByText('Give a number from 0 to 2.')).toBeVisible();
  await page.getByRole('button', { name: 'Back to the checkpoint’s settings' }).click();
  await expect(temperature).toHaveValue(before);
  await expect(temperature).toHaveAttribute('aria-invalid', 'false');
});

test('what the browser keeps can be deleted by keyboard, and the focus stays in the dialog', async ({
  page,
}) => {
  const demo = new DemoPage(page);
  await demo.open(`${server.url}/some/path/`);
  await demo.ready();
  await demo.open(`${server.url}/some/path/?checkpoint=/random/`);
  await demo.ready();
  await page.getByRole('button', { name: 'Open another checkpoint' }).click();
  const dialog = page.getByRole('dialog');
  const deletions = dialog.getByRole('button', { name: /^Delete / });
  await expect(deletions).toHaveCount(2);
  await deletions.first().focus();
  await page.keyboard.press('Enter');
  await expect(deletions).toHaveCount(1);
  await expect(deletions).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(deletions).toHaveCount(0);
  await expect(dialog.getByRole('heading', { name: 'Stored in this browser' })).toBeFocused();
  await expect(dialog.getByRole('alert')).toHaveCount(0);
});

test('without WebGPU the page says so and names browsers that have it', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined });
  });
  await page.goto(`${server.url}/some/path/`);
  await expect(page.getByRole('alert').first()).toContainText(/WebGPU/);
  await expect(page.getByRole('alert').first()).toContainText(/Chrome/);
});

declare global {
  interface Window {
    /** The ways from text to markup that the page took, in order. */
    markup: string[];
  }
}

/** Runs in the page before its scripts. */
function recordMarkup(): void {
  window.markup = [];
  const watch = (prototype: object, name: string): void => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
    const key = descriptor.set ? 'set' : 'value';
    const original = descriptor[key] as (...args: unknown[]) => unknown;
    Object.defineProperty(prototype, name, {
      ...descriptor,
      [key](this: unknown, ...args: unknown[]) {
        window.markup.push(name);
        return original.apply(this, args);
      },
    });
  };
  for (const name of ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTMLUnsafe']) {
    watch(Element.prototype, name);
  }
  watch(Range.prototype, 'createContextualFragment');
  watch(DOMParser.prototype, 'parseFromString');
  watch(Document.prototype, 'write');
}

/** Presses Tab until the focus is there. */
async function tabTo(target: Locator): Promise<void> {
  const isFocused = (): Promise<boolean> => target.evaluate((element) => element === document.activeElement);
  for (let presses = 0; presses < 30 && !(await isFocused()); presses++) {
    await target.page().keyboard.press('Tab');
  }
  await expect(target).toBeFocused();
}
