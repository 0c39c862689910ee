import { attentionDecodeBenches } from '../src/ops/attention-decode/attention-decode.bench.ts';
import { attentionPrefillBenches } from '../src/ops/attention-prefill/attention-prefill.bench.ts';
import { gatedLinearBenches } from '../src/ops/gated-linear/gated-linear.bench.ts';
import { linearBenches } from '../src/ops/linear/linear.bench.ts';
import { embedBenches } from '../src/ops/embed/embed.bench.ts';
import { loraDownBenches } from '../src/ops/lora-down/lora-down.bench.ts';
import { meanBenches } from '../src/ops/mean/mean.bench.ts';
import { ropeAppendBenches } from '../src/ops/rope-append/rope-append.bench.ts';
import { moeBenches } from '../src/ops/moe/moe.bench.ts';
import { rmsNormBenches } from '../src/ops/rms-norm/rms-norm.bench.ts';
import type { BenchCase } from './bench-case.ts';

export const allBenches: readonly BenchCase[] = [
  ...linearBenches,
  ...gatedLinearBenches,
  ...moeBenches,
  ...attentionDecodeBenches,
  ...attentionPrefillBenches,
  ...rmsNormBenches,
  ...ropeAppendBenches,
  ...meanBenches,
  ...loraDownBenches,
  ...embedBenches,
];
