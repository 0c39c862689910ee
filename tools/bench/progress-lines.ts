import type { CaseResult, ContenderResult } from '@uni-moe-web/kernels/bench';
import { shortNumber } from '../report/short-number.ts';
import type { ModelResult, TowerResult } from './bench-report.ts';

/** One line of progress for a finished case. */
export function caseLine({ op, shape, contenders }: CaseResult): string {
  return `${op} ${shape}: ${contenders.map(contenderText).join('; ')}`;
}

function contenderText({ name, verdict, reason, timing }: ContenderResult): string {
  if (!timing) return `${name} ${verdict} (${reason ?? ''})`;
  const { wallRatio } = timing;
  const ratio =
    wallRatio === undefined || wallRatio.median === 1 ? '' : ` = ${shortNumber(wallRatio.median)} x`;
  return `${name} ${shortNumber(timing.wallMs.median)} ms${ratio}${verdict === 'exact' ? '' : ` [${verdict}]`}`;
}

/** One line of progress for a finished model. */
export function modelLine({ name, check, decode, prefill, lora, peers }: ModelResult): string {
  if (check.verdict === 'wrong')
    return `model ${name}: wrong (decode is ${check.error.toExponential(1)} off prefill)`;
  const steps = decode.map(
    ({ context, stepMs }) => `${shortNumber(1000 / stepMs.median)} tokens/s at ${context}`,
  );
  const prompts = prefill.map(
    ({ tokens, ms }) => `prefill ${tokens}: ${shortNumber((1000 * tokens) / ms.median)} tokens/s`,
  );
  const adapters = lora
    ? [
        lora.ratio
          ? `LoRA ${shortNumber(lora.ratio.median)} x`
          : `LoRA ${lora.verdict} (${lora.reason ?? ''})`,
      ]
    : [];
  const others = peers.map((peer) => {
    const cells = peer.cells.map(
      ({ kind, tokens, ratio }) => `${kind} ${tokens} ${shortNumber(ratio.median)} x`,
    );
    return `${peer.name} ${[peer.verdict, ...(peer.reason === undefined ? [] : [peer.reason]), ...cells].join(', ')}`;
  });
  return `model ${name}: ${[...steps, ...prompts, ...adapters, ...others].join('; ')}`;
}

/** One line of progress for a finished tower. */
export function towerLine({ name, provider, ms }: TowerResult): string {
  return `encode ${name} by ${provider}: ${shortNumber(ms.median)} ms`;
}
