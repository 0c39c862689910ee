export { allBenches } from './all-benches.ts';
export type { BenchCase, BenchInput, BenchPlot, Expected } from './bench-case.ts';
export type { CaseResult, ContenderResult, ContenderTiming, Verdict } from './case-result.ts';
export { rooflineSeconds, type Ceiling, type Work } from './ceiling.ts';
export { poison, type Contender } from './contender.ts';
export { measureCeiling } from './measure-ceiling.ts';
export { observeGpu, readTimestamps, type GpuActivity } from './observe-gpu.ts';
export type {
  AttentionOperands,
  MatMulOperands,
  MoeOperands,
  NormOperands,
  PeerOperands,
} from './peer-operands.ts';
export { randomFloats, scalesAsF32 } from './random-inputs.ts';
export { runCase, type CreatePeers, type PeerAttempt, type Peers, type RunCaseOptions } from './run-case.ts';
export { pairedRatio, quantileOf, roundOrder, summarize, type Summary } from './statistics.ts';
