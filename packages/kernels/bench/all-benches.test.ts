import { expect, test } from 'vitest';
import { CommandList, requestGpu } from '../src/index.ts';
import { allBenches } from './all-benches.ts';
import { outputError, poison } from './contender.ts';

const gpu = await requestGpu();

test('every benchmark has a name of its own', () => {
  const names = allBenches.map(({ op, shape }) => `${op} ${shape}`);
  expect(new Set(names).size).toBe(names.length);
});

for (const benchCase of allBenches.filter(({ quick }) => quick)) {
  test(`${benchCase.op} ${benchCase.shape} agrees with the oracle on the benchmark's data`, async () => {
    const input = benchCase.prepare(gpu, 12);
    const list = new CommandList(gpu);
    input.record(list);
    poison(gpu, input.output);
    list.submit();
    expect(await outputError(gpu, input.output, input.expected())).toBeLessThanOrEqual(benchCase.tolerance);
    gpu.throwErrors();
    list.dispose();
    input.dispose();
  });
}
