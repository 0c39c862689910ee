import * as ort from 'onnxruntime-web';

export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Runs one input through a graph on ONNX Runtime's wasm build and returns the asked outputs. */
export async function runGraph(
  model: Uint8Array,
  input: { readonly name: string } & FloatTensor,
  outputs: readonly string[],
): Promise<Record<string, FloatTensor>> {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
  try {
    const feeds = { [input.name]: new ort.Tensor('float32', input.data, input.shape) };
    const results = await session.run(feeds, [...outputs]);
    return Object.fromEntries(
      outputs.map((name) => {
        const { data, dims } = results[name]!;
        return [name, { data: data as Float32Array, shape: dims }];
      }),
    );
  } finally {
    await session.release();
  }
}
