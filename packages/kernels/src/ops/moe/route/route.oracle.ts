export interface RouteOracleInputs {
  /** `[tokens, hidden]`. */
  readonly x: Float32Array;
  /** `[experts, hidden]`. */
  readonly router: Float32Array;
  readonly hidden: number;
  readonly norm?: { readonly weight: Float32Array; readonly epsilon: number };
}

/** Router logits `[tokens, experts]`, summed in double. */
export function routeLogitsOracle({ x, router, hidden, norm }: RouteOracleInputs): Float64Array {
  const tokens = x.length / hidden;
  const experts = router.length / hidden;
  const logits = new Float64Array(tokens * experts);
  for (let t = 0; t < tokens; t++) {
    let squares = 0;
    for (let h = 0; h < hidden; h++) squares += x[t * hidden + h]! ** 2;
    const scale = norm ? 1 / Math.sqrt(squares / hidden + norm.epsilon) : 1;
    for (let e = 0; e < experts; e++) {
      let sum = 0;
      for (let h = 0; h < hidden; h++) {
        sum += x[t * hidden + h]! * scale * (norm?.weight[h] ?? 1) * router[e * hidden + h]!;
      }
      logits[t * experts + e] = sum;
    }
  }
  return logits;
}

/**
 * The topK largest of each row of `logits` `[tokens, experts]`, larger first, the lower index first where equal, a NaN
 * last; and the softmax over the selected, in double.
 */
export function topKOracle(
  logits: ArrayLike<number>,
  experts: number,
  topK: number,
): { experts: Uint32Array<ArrayBuffer>; weights: Float64Array } {
  const tokens = logits.length / experts;
  const ids = new Uint32Array(tokens * topK);
  const weights = new Float64Array(tokens * topK);
  for (let t = 0; t < tokens; t++) {
    const row = Array.from({ length: experts }, (_, e) => logits[t * experts + e]!);
    const order = row.map((_, e) => e).sort((a, b) => compareFalling(row[a]!, row[b]!) || a - b);
    const selected = order.slice(0, topK);
    const largest = row[selected[0]!]!;
    const numerators = selected.map((e) => {
      if (Object.is(row[e], largest) || row[e] === largest) return 1;
      return Number.isNaN(row[e]) ? 0 : Math.exp(row[e]! - largest);
    });
    const sum = numerators.reduce((total, value) => total + value, 0);
    ids.set(selected, t * topK);
    weights.set(
      numerators.map((value) => value / sum),
      t * topK,
    );
  }
  return { experts: ids, weights };
}

function compareFalling(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : b - a > 0 ? 1 : -1;
}
