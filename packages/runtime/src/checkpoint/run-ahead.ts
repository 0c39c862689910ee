/**
 * Iterates over `items` while up to `depth` further ones are already being made. Leaving the loop early ends the
 * generator and waits until it has cleaned up.
 */
export async function* runAhead<T>(items: AsyncGenerator<T>, depth: number): AsyncGenerator<T> {
  const stream = new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await items.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await items.return(undefined)),
    },
    { highWaterMark: depth },
  );
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
