export * from './formats.ts';
export * from './f16.ts';
export { packMatrix, unpackMatrix } from './pack.ts';
