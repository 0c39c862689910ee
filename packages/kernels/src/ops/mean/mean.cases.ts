export interface MeanCase {
  readonly name: string;
  readonly batch: number;
  readonly rest: readonly number[];
}

export const meanCases: readonly MeanCase[] = [
  { name: 'one item is itself', batch: 1, rest: [4] },
  { name: 'eight frames', batch: 8, rest: [16, 64] },
  { name: 'sizes that do not divide', batch: 3, rest: [7, 36] },
  { name: 'model size', batch: 2, rest: [576, 1024] },
];
