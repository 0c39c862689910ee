export { tuningOf, type Candidate, type TuningChoice } from './candidate.ts';
export { tuningCandidates, type TuningMode } from './candidates.ts';
export { tune, type TuneOptions, type TuningReport, type TuningSubject } from './tune.ts';
