import { expect, test, type Page } from '@playwright/test';
import { DemoPage } from '../fixtures/demo-page.ts';
import { folders } from '../fixtures/paths.ts';
import { serve, type StaticServer } from '../fixtures/static-server.ts';

let server: StaticServer;
test.beforeAll(async () => {
  server = await serve({ '/': folders.demo });
});
test.afterAll(() => server.close());

declare global {
  interface Window {
    /** What the page was given. */
    streams: MediaStream[];
  }
}

/** The page without a model: attaching needs none. */
async function open(page: Page): Promise<void> {
  await page.addInitScript(makeDevices);
  const demo = new DemoPage(page);
  await demo.open(`${server.url}/?checkpoint=/nothing-here/`);
  await expect(page.getByRole('alert').first()).toBeVisible();
  // Sound needs a page that somebody has touched.
  await demo.message.click();
}

test('two clicks on the microphone record once, and the microphone is off at the end', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Record with the microphone' }).evaluate((button) => {
    (button as HTMLElement).click();
    (button as HTMLElement).click();
  });
  await expect(page.getByRole('meter', { name: 'Microphone level' })).toBeVisible();
  expect(await trackStates(page)).toEqual(['live']);
  await page.getByRole('button', { name: 'Stop recording' }).click();
  await expect(page.getByRole('list', { name: 'Attachments' }).getByRole('listitem')).toHaveCount(1);
  expect(await trackStates(page)).toEqual(['ended']);

  await page.getByRole('button', { name: 'Record with the microphone' }).click();
  await page.getByRole('button', { name: 'Discard' }).click();
  await expect.poll(() => trackStates(page)).toEqual(['ended', 'ended']);
});

for (const [type, method] of [
  ['AudioContext', 'createMediaStreamSource'],
  ['MediaRecorder', 'start'],
] as const) {
  test(`the microphone is off after an error of ${type}`, async ({ page }) => {
    await open(page);
    await page.evaluate(
      ([owner, name]) => {
        Object.defineProperty(window[owner].prototype, name, {
          value: () => {
            throw new Error('not on this device');
          },
        });
      },
      [type, method] as const,
    );
    const record = page.getByRole('button', { name: 'Record with the microphone' });
    await record.click();
    await expect(page.getByText('The microphone cannot be used. not on this device')).toBeVisible();
    expect(await trackStates(page)).toEqual(['ended']);
    // It can be tried again.
    await record.click();
    await expect.poll(() => trackStates(page)).toEqual(['ended', 'ended']);
  });
}

test('two clicks on the camera take one picture', async ({ page }) => {
  await open(page);
  await page.getByRole('button', { name: 'Take a picture with the camera' }).click();
  const take = page.getByRole('button', { name: 'Take the picture' });
  await expect(take).toBeEnabled();
  await take.dblclick();
  const pictures = page.getByRole('list', { name: 'Attachments' }).getByRole('listitem');
  await expect(pictures).toHaveCount(1);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect.poll(() => trackStates(page)).toEqual(['ended']);
  await expect(pictures).toHaveCount(1);
});

function trackStates(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    window.streams.flatMap((stream) => stream.getTracks().map(({ readyState }) => readyState)),
  );
}

/** Runs in the page before its scripts: a microphone that hums and a camera that sees noise, on any machine. */
function makeDevices(): void {
  window.streams = [];
  navigator.mediaDevices.getUserMedia = async ({ video } = {}) => {
    // As long as a person takes to say yes, for a program.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stream = video ? drawStream() : humStream();
    window.streams.push(stream);
    return stream;
  };

  function humStream(): MediaStream {
    const context = new AudioContext();
    const hum = context.createOscillator();
    const end = context.createMediaStreamDestination();
    hum.connect(end);
    hum.start();
    return end.stream;
  }

  function drawStream(): MediaStream {
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d')!;
    setInterval(() => {
      context.fillStyle = `hsl(${Math.random()}turn 50% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
    }, 30);
    return canvas.captureStream();
  }
}
