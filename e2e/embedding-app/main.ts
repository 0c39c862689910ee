// The smallest useful app: load a checkpoint, ask about a picture, show the answer as it comes.
import { createEngine, RuntimeError, type TuningMode } from '@uni-moe-web/runtime';

const status = document.querySelector<HTMLElement>('#status')!;
const answer = document.querySelector<HTMLElement>('#answer')!;
const form = document.querySelector<HTMLFormElement>('#form')!;
const question = document.querySelector<HTMLInputElement>('#question')!;
const kernels = document.querySelector<HTMLElement>('#kernels')!;
const picture = document.querySelector<HTMLInputElement>('#picture')!;

const describe = (error: unknown): string =>
  error instanceof RuntimeError ? `${error.code}: ${error.message}` : String(error);

const parameters = new URLSearchParams(location.search);
const checkpoint = parameters.get('checkpoint') ?? '/checkpoint/';
const tuning = parameters.get('tuning') as TuningMode | null;

try {
  let isLoading = true;
  const engine = await createEngine(checkpoint, {
    ...(tuning && { tuning }),
    onProgress: ({ phase, bytes, totalBytes }) => {
      // Towers report too, when the first picture or sound needs them.
      if (isLoading) status.textContent = `${phase} ${Math.round((100 * bytes) / totalBytes)} %`;
    },
  });
  isLoading = false;
  status.textContent = 'Ready';
  if (engine.info.tuning) kernels.textContent = `Tuned ${engine.info.tuning.kept ? 'earlier' : 'now'}`;

  let asking = new AbortController();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    // The answer before ends where it is.
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    ask(signal).catch((error: unknown) => {
      if (!signal.aborted) status.textContent = describe(error);
    });
  });

  async function ask(signal: AbortSignal): Promise<void> {
    answer.textContent = '';
    status.textContent = 'Answering';
    const file = picture.files?.[0];
    const chunks = await engine.chat.completions.create(
      {
        messages: [
          {
            role: 'user',
            content: [
              ...(file ? [{ type: 'image_url', image_url: { url: file } } as const] : []),
              { type: 'text', text: question.value },
            ],
          },
        ],
        stream: true,
        temperature: 0,
        max_tokens: 16,
      },
      { signal },
    );
    for await (const chunk of chunks) answer.textContent += chunk.choices[0].delta.content ?? '';
    status.textContent = 'Done';
  }
} catch (error) {
  status.textContent = describe(error);
}
