import type { CommandList } from '../gpu/command-list.ts';

const MIN_ROUNDS = 2;
const MAX_ROUNDS = 5;
/** A sample takes at least so long, as several passes in one where one is shorter: submits and clocks cost their share. */
const SAMPLE_MS = 4;
const MAX_PASSES = 32;
/** A ratio beyond this needs no further rounds. */
const DECISIVE = 1.5;

/** Time that is left for measuring. */
export interface Budget {
  leftMs: number;
}

/**
 * Time of a pass of `candidate` over that of `current`: the least of each, since whatever else the device does only adds.
 * Samples are taken in rounds of A B B A after a run of each that is not counted, since it compiles. No round beyond the
 * second begins when the budget is spent.
 */
export async function comparePasses(
  current: CommandList,
  candidate: CommandList,
  budget: Budget,
): Promise<number> {
  const time = async (list: CommandList, passes: number): Promise<number> => {
    const elapsedMs = await timePasses(list, passes);
    budget.leftMs -= elapsedMs;
    return elapsedMs / passes;
  };
  await timePasses(current, 1);
  await timePasses(candidate, 1);
  const shortestMs = Math.min(await time(current, 1), await time(candidate, 1));
  const passes = Math.min(MAX_PASSES, Math.ceil(SAMPLE_MS / shortestMs));
  let [currentMs, candidateMs] = [Infinity, Infinity];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (round >= MIN_ROUNDS && (budget.leftMs <= 0 || isDecisive(candidateMs / currentMs))) break;
    for (const list of [current, candidate, candidate, current]) {
      const passMs = await time(list, passes);
      if (list === current) currentMs = Math.min(currentMs, passMs);
      else candidateMs = Math.min(candidateMs, passMs);
    }
  }
  return candidateMs / currentMs;
}

function isDecisive(ratio: number): boolean {
  return Math.max(ratio, 1 / ratio) > DECISIVE;
}

async function timePasses(list: CommandList, passes: number): Promise<number> {
  const { queue } = list.gpu.device;
  const start = performance.now();
  for (let i = 0; i < passes; i++) list.submit();
  await queue.onSubmittedWorkDone();
  return Math.max(performance.now() - start, 0.01);
}
