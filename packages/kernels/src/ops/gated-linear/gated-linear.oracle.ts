import { linearOracle, type LinearOracleArgs } from '../linear/linear.oracle.ts';

/** y[m, f] = silu(gate) · up, in double; `weight` is `[2F, K]`, gate rows, then up rows, and so are LoRA's B rows. */
export function gatedLinearOracle(args: Omit<LinearOracleArgs, 'bias' | 'before'>): Float64Array {
  const both = linearOracle(args);
  const features = args.weight.length / args.columns / 2;
  return Float64Array.from({ length: both.length / 2 }, (_, i) => {
    const start = Math.floor(i / features) * 2 * features + (i % features);
    const gate = both[start]!;
    return (gate / (1 + Math.exp(-gate))) * both[start + features]!;
  });
}
