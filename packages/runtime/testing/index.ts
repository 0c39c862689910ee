export * from './decoder-oracle.ts';
