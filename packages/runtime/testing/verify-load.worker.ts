import { verifyLoad, type LoadOrder } from './verify-load.ts';

/** Does what it is told and answers with the report, or with the text of an error that should not have been. */
const scope = globalThis as unknown as Pick<Worker, 'addEventListener' | 'postMessage'>;
scope.addEventListener('message', async ({ data }: MessageEvent<LoadOrder>) => {
  const answer = await verifyLoad(data).catch(String);
  scope.postMessage(answer, []);
});
