import type { TokenLogProbability } from './decoder-peer.ts';

/** Logarithm of the softmax. */
export function logSoftmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const logSum = largest + Math.log(sum);
  return Float64Array.from(logits, (logit) => logit - logSum);
}

/**
 * Root mean square difference between a peer's log probabilities and those of our logits, over the standard deviation of our
 * logits: near 0 for the same model, about 1.4 for an unrelated one. Infinite if the peer gave none or no numbers.
 */
export function logProbabilityError(logits: Float32Array, peer: readonly TokenLogProbability[]): number {
  if (peer.length === 0) return Infinity;
  const own = logSoftmax(logits);
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length;
  const squares = peer.reduce((sum, [id, value]) => sum + (value - (own[id] ?? Infinity)) ** 2, 0);
  const error = Math.sqrt(squares / peer.length / variance);
  return Number.isFinite(error) ? error : Infinity;
}

/** The most probable token. */
export function mostProbable(values: readonly TokenLogProbability[]): number | undefined {
  return values.reduce<TokenLogProbability | undefined>(
    (best, entry) => (best && best[1] >= entry[1] ? best : entry),
    undefined,
  )?.[0];
}
