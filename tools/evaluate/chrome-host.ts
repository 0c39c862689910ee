import { openHeadless } from '../headless/browser.ts';
import { chromeAdapterArgs } from '../headless/chrome-adapter.ts';
import { startHost } from '../headless/host.ts';
import type { HostRequest, HostedEvaluation } from './protocol.ts';

/** Opens a checkpoint in a page of headless Chrome. */
export async function openInChrome({
  checkpoint,
  set,
  gpu,
  ...request
}: HostRequest): Promise<HostedEvaluation> {
  const host = await startHost({ checkpoint, set });
  try {
    const { page, close } = await openHeadless(`${host.url}/evaluate/page.html`, chromeAdapterArgs(gpu));
    try {
      await page.waitForFunction(() => 'evaluationPage' in globalThis);
      const facts = await page.evaluate(([open, folder]) => globalThis.evaluationPage.open(open, folder), [
        { ...request, checkpoint: `${host.url}/files/checkpoint/` },
        `${host.url}/files/set/`,
      ] as const);
      return {
        checkpoint: facts,
        host: `headless Chrome ${page.context().browser()?.version() ?? ''}`,
        ask: (item) => page.evaluate((asked) => globalThis.evaluationPage.ask(asked), item),
        close: async () => {
          await close();
          await host.close();
        },
      };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await host.close();
    throw error;
  }
}
