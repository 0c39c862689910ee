import type { CommandList } from '../gpu/command-list.ts';

const MAX_ROUNDS = 5;
/** A sample takes at least so long, as several passes in one where one is shorter: submits and clocks cost their share. */
const SAMPLE_MS = 4;
const MAX_PASSES = 32;
/** A ratio beyond this needs no second round. */
const DECISIVE = 1.5;

/**
 * Time of a pass of `candidate` over that of `current`: the median over rounds of A B B A, after a run of each that is not
 * counted. At least one round is run, and none begins after `deadlineMs` of `performance.now()`.
 */
export async function comparePasses(
  current: CommandList,
  candidate: CommandList,
  deadlineMs: number,
): Promise<number> {
  await time(current, 1);
  await time(candidate, 1);
  const ratios: number[] = [];
  let passes = 1;
  do {
    let currentMs = await time(current, passes);
    let candidateMs = await time(candidate, passes);
    candidateMs += await time(candidate, passes);
    currentMs += await time(current, passes);
    const shortest = Math.min(currentMs, candidateMs) / (2 * passes);
    const enough = Math.min(MAX_PASSES, Math.ceil(SAMPLE_MS / shortest));
    if (enough > passes && ratios.length === 0) {
      // The first samples were too short to count, and cost next to nothing.
      passes = enough;
      continue;
    }
    ratios.push(candidateMs / currentMs);
    if (ratios.length === 1 && Math.max(ratios[0]!, 1 / ratios[0]!) > DECISIVE) break;
  } while (ratios.length === 0 || (ratios.length < MAX_ROUNDS && performance.now() < deadlineMs));
  ratios.sort((a, b) => a - b);
  return ratios[ratios.length >> 1]!;
}

async function time(list: CommandList, passes: number): Promise<number> {
  const { queue } = list.gpu.device;
  const start = performance.now();
  for (let i = 0; i < passes; i++) list.submit();
  await queue.onSubmittedWorkDone();
  return Math.max(performance.now() - start, 0.01);
}
