import { randomIntegers } from '../../../../testing/random.ts';

export interface AlignCase {
  readonly name: string;
  readonly tokens: number;
  readonly topK: number;
  readonly numExperts: number;
  readonly tileRows: number;
  /** Topk ids; uniform random where missing (an expert may then occur twice in a token, which align does not mind). */
  readonly experts?: (slot: number) => number;
}

export const alignCases: readonly AlignCase[] = [
  { name: 'one slot', tokens: 1, topK: 1, numExperts: 1, tileRows: 32 },
  { name: 'one token', tokens: 1, topK: 2, numExperts: 4, tileRows: 16 },
  { name: 'fewer slots than experts', tokens: 2, topK: 2, numExperts: 64, tileRows: 16 },
  { name: 'odd number of experts', tokens: 7, topK: 2, numExperts: 3, tileRows: 4 },
  { name: 'all on the last expert', tokens: 64, topK: 1, numExperts: 8, tileRows: 16, experts: () => 7 },
  { name: 'all on the first expert', tokens: 33, topK: 1, numExperts: 8, tileRows: 32, experts: () => 0 },
  {
    name: 'experts without tokens',
    tokens: 64,
    topK: 2,
    numExperts: 8,
    tileRows: 16,
    experts: (s) => 1 + 5 * (s % 2),
  },
  { name: 'exactly full tiles', tokens: 64, topK: 2, numExperts: 4, tileRows: 32, experts: (s) => s % 4 },
  { name: 'one above full tiles', tokens: 129, topK: 1, numExperts: 4, tileRows: 32, experts: (s) => s % 4 },
  {
    name: 'worst case for padding',
    tokens: 67,
    topK: 1,
    numExperts: 4,
    tileRows: 16,
    experts: (s) => Math.max(0, s - 63),
  },
  { name: 'sizes that do not divide', tokens: 257, topK: 2, numExperts: 4, tileRows: 32 },
  { name: 'most experts and choices', tokens: 257, topK: 8, numExperts: 64, tileRows: 64 },
  { name: 'a long prompt', tokens: 9000, topK: 2, numExperts: 8, tileRows: 64 },
];

/** Topk ids of a case. */
export function alignInput({ tokens, topK, numExperts, experts }: AlignCase): Uint32Array<ArrayBuffer> {
  const ids = Uint32Array.from(randomIntegers(tokens * topK, numExperts, 1));
  return experts ? ids.map((_, slot) => experts(slot)) : ids;
}
