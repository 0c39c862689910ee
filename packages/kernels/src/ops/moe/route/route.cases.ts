import { randomNormal } from '../../../../testing/random.ts';

export interface RouteCase {
  readonly name: string;
  readonly tokens: number;
  readonly hidden: number;
  readonly experts: number;
  readonly topK: number;
  readonly norm?: boolean;
  /** Makes the inputs nasty. */
  readonly prepare?: (inputs: RouteInputs) => void;
}

export interface RouteInputs {
  /** `[tokens, hidden]`. */
  readonly x: Float32Array;
  /** `[experts, hidden]`. */
  readonly router: Float32Array;
  /** `[hidden]`. */
  readonly normWeight: Float32Array;
}

export const ROUTE_EPSILON = 1e-5;

/** Writes the row of expert `from` over that of expert `to`, so that their logits are exactly equal. */
function copyRow(router: Float32Array, hidden: number, from: number, to: number): void {
  router.copyWithin(to * hidden, from * hidden, (from + 1) * hidden);
}

export const routeCases: readonly RouteCase[] = [
  { name: 'one token, one expert', tokens: 1, hidden: 4, experts: 1, topK: 1 },
  { name: 'decode', tokens: 1, hidden: 512, experts: 4, topK: 2, norm: true },
  { name: 'decode, long rows', tokens: 1, hidden: 4096, experts: 4, topK: 2, norm: true },
  { name: 'odd sizes', tokens: 7, hidden: 100, experts: 3, topK: 2, norm: true },
  { name: 'all experts selected', tokens: 5, hidden: 64, experts: 8, topK: 8 },
  { name: 'most experts', tokens: 64, hidden: 260, experts: 64, topK: 8, norm: true },
  { name: 'prefill', tokens: 257, hidden: 128, experts: 4, topK: 2, norm: true },
  {
    name: 'all logits equal',
    tokens: 2,
    hidden: 64,
    experts: 8,
    topK: 3,
    prepare: ({ router }) => {
      for (let e = 1; e < 8; e++) copyRow(router, 64, 0, e);
    },
  },
  {
    name: 'tie for the last place',
    tokens: 16,
    hidden: 64,
    experts: 4,
    topK: 2,
    norm: true,
    prepare: ({ router }) => copyRow(router, 64, 1, 3),
  },
  {
    name: 'zeros of both signs',
    tokens: 2,
    hidden: 8,
    experts: 5,
    topK: 3,
    prepare: ({ x, router }) => {
      x.fill(0);
      router.forEach((_, i) => (router[i] = i % 2 ? -1 : 1));
    },
  },
  {
    name: 'huge logits',
    tokens: 4,
    hidden: 64,
    experts: 4,
    topK: 2,
    prepare: ({ x }) => x.forEach((value, i) => (x[i] = value * 1e15)),
  },
  {
    name: 'a not-finite expert',
    tokens: 3,
    hidden: 16,
    experts: 4,
    topK: 4,
    prepare: ({ router }) => router.fill(NaN, 16, 32),
  },
  {
    name: 'a not-finite token',
    tokens: 3,
    hidden: 16,
    experts: 4,
    topK: 2,
    prepare: ({ x }) => x.fill(NaN, 16, 32),
  },
  {
    name: 'infinite logits',
    tokens: 2,
    hidden: 16,
    experts: 4,
    topK: 3,
    prepare: ({ x, router }) => {
      x.fill(1);
      router.fill(3e38, 16, 32);
      router.fill(3e38, 48, 64);
    },
  },
];

/** Seeded inputs of a case. */
export function routeInputs({ tokens, hidden, experts, prepare }: RouteCase): RouteInputs {
  const inputs: RouteInputs = {
    x: randomNormal(tokens * hidden, 1),
    router: randomNormal(experts * hidden, 2, 1 / Math.sqrt(hidden)),
    normWeight: randomNormal(hidden, 3).map((value) => 1 + value * 0.1),
  };
  prepare?.(inputs);
  return inputs;
}
