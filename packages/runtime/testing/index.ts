export * from './decoder-oracle.ts';
export * from './quality.ts';
