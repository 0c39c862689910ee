import { chromium, type Browser, type Page } from 'playwright';
import { CHROME_ARGS, findChrome } from '../chrome.mjs';

export interface HeadlessPage {
  readonly page: Page;
  close(): Promise<void>;
}

/**
 * Opens a page in headless Chrome. Errors of the page are printed, since nobody is there to see its console.
 * @throws Error saying what to install when there is no browser.
 */
export async function openHeadless(url: string, args: readonly string[] = []): Promise<HeadlessPage> {
  const executablePath = findChrome();
  if (!executablePath) {
    throw new Error('There is no Chrome or Chromium: install one, or set CHROME_PATH to its executable.');
  }
  const browser: Browser = await chromium.launch({ executablePath, args: [...CHROME_ARGS, ...args] });
  try {
    const page = await browser.newPage();
    // A software adapter on a busy machine takes its time; whoever waits can interrupt.
    page.setDefaultTimeout(120_000);
    page.on('pageerror', (error) => console.error(`page error: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') console.error(`page: ${message.text()}`);
    });
    await page.goto(url);
    return { page, close: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
