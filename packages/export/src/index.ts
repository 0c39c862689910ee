/** Reference checkpoint in, browser checkpoint out. */
export { exportCheckpoint } from './export-checkpoint.ts';
export type { ExportOptions, ExportPhase, ExportProgress, ExportReport } from './export-checkpoint.ts';
export { ExportError } from './errors.ts';
export type { ExportErrorCode } from './errors.ts';
export type { LedgerEntry } from './map/ledger.ts';
export type { TensorReport } from './verify.ts';
