import { describe, expect, it } from 'vitest';
import { Graph } from './graph.ts';
import { runGraph } from './testing/run-graph.ts';

describe('Graph', () => {
  it('writes graphs that ONNX Runtime computes as asked', async () => {
    const graph = new Graph('x + 10 · column, in two parts');
    const x = graph.input('x', ['batch', 4]);
    const row = graph.constant({
      name: 'row',
      type: 'float32',
      shape: [4],
      write: (target) => target.set(new Uint8Array(Float32Array.of(0, 10, 20, 30).buffer)),
    });
    const sum = graph.node('Add', 'sum', [x, row]);
    const parts = graph.nodes('Split', 'parts', [sum, graph.int64s([1, 3])], 2, { attributes: { axis: -1 } });
    graph.output('first', parts[0]!, ['batch', 1]);
    graph.output('rest', parts[1]!, ['batch', 3]);
    const input = { name: 'x', data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), shape: [2, 4] };
    const { first, rest } = await runGraph(await graph.encode(), input, ['first', 'rest']);
    expect(first).toMatchObject({ shape: [2, 1], data: Float32Array.of(1, 5) });
    expect(rest).toMatchObject({ shape: [2, 3], data: Float32Array.of(12, 23, 34, 16, 27, 38) });
  });

  it('refuses to write more than a protobuf message can hold, before it reads a tensor', async () => {
    const graph = new Graph('giant');
    let isRead = false;
    for (const name of ['a', 'b']) {
      const write = (): void => {
        isRead = true;
      };
      graph.constant({ name, type: 'float16', shape: [2 ** 15, 2 ** 14], write });
    }
    await expect(graph.encode()).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/giant would be 2,147,483,\d+ bytes of ONNX/),
    });
    expect(isRead).toBe(false);
  });
});
