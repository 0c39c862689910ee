/** Lets browser tests load synthetic checkpoints over HTTP from the test server. Runs in Node, beside the tests. */
import type { Plugin } from 'vite';
import { checkpointHandler, type Fault, type ServedRequest } from './checkpoint-server.ts';
import { createSyntheticCheckpoint, type SyntheticCheckpoint } from './synthetic-checkpoint.ts';

/** About 5.3 pieces of weights in two shards. */
const OPTIONS = { decoder: { vocab_size: 18_000 }, shardBytes: 14_000_000 };
/** More than 300 MB in three shards, for runs whose name begins with `large`. */
const LARGE = { weights: 'q8', minBytes: 300e6, shardBytes: 128 * 2 ** 20 } as const;

/**
 * Serves `/synthetic/<run>/<file>`: the checkpoint whose seed is the number in the run's name, for example `resume-7`.
 * The query is a {@link Fault} for requests of weights; with `times`, of the first few only. `/synthetic-log/<run>`
 * answers with the requests so far.
 */
export function serveSynthetic(): Plugin {
  const checkpoints = new Map<number, SyntheticCheckpoint>();
  const logs = new Map<string, ServedRequest[]>();
  const logOf = (run: string): ServedRequest[] => {
    const log = logs.get(run) ?? [];
    logs.set(run, log);
    return log;
  };
  const faultFor = ({ path, query, end }: ServedRequest, log: ServedRequest[]): Fault | undefined => {
    const { times = Infinity, ...fault } = Object.fromEntries(
      Array.from(query, ([key, value]) => [key, Number(value)]),
    );
    const isHeader = end !== undefined && end <= 2 ** 20;
    if (!path.startsWith('model-0') || isHeader) return undefined;
    const weightRequests = log.filter(
      (request) => request.path.startsWith('model-0') && !(request.end! <= 2 ** 20),
    );
    return weightRequests.length <= times ? (fault as Fault) : undefined;
  };
  return {
    name: 'serve-synthetic',
    configureServer(server) {
      server.middlewares.use('/synthetic-log', (message, response) => {
        const entries = logOf(message.url!.slice(1)).map(({ path, start, sentBytes }) => ({
          path,
          start,
          sentBytes,
        }));
        response.setHeader('Content-Type', 'application/json').end(JSON.stringify(entries));
      });
      server.middlewares.use('/synthetic', (message, response) => {
        const [, run, file] = /^\/([^/]+)(\/.*)$/.exec(message.url!)!;
        const seed = Number(/\d+$/.exec(run!)?.[0] ?? 1);
        const options = run!.startsWith('large') ? LARGE : OPTIONS;
        const checkpoint = checkpoints.get(seed) ?? createSyntheticCheckpoint({ ...options, seed });
        checkpoints.set(seed, checkpoint);
        const log = logOf(run!);
        message.url = file!;
        void checkpointHandler(checkpoint, (request) => faultFor(request, log), log)(message, response);
      });
    },
  };
}
