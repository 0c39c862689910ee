/** Random checkpoints of any size over HTTP, for measurements. Node only. */
export { checkpointHandler } from './checkpoint-server.ts';
export {
  createSyntheticCheckpoint,
  type SyntheticCheckpoint,
  type SyntheticOptions,
} from './synthetic-checkpoint.ts';
