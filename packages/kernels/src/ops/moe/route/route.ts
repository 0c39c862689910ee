import { ShapeError } from '../../../errors.ts';
import type { CommandList } from '../../../gpu/command-list.ts';
import { foldWorkgroups } from '../../../gpu/dispatch.ts';
import { defineKernel } from '../../../gpu/kernel.ts';
import { expectDType, expectShape, type Tensor } from '../../../tensor/tensor.ts';
import type { FusedNorm } from '../../linear/encode-linear.ts';
import source from './route.wgsl?raw';

const kernel = defineKernel('moe-route', source);

/** Most experts that one workgroup can rank. */
export const MAX_EXPERTS = 64;
/** Most experts that a token can use. */
export const MAX_TOP_K = 8;

export interface MoeRouteArgs {
  /** `[tokens, hidden]`, f32 or f16; hidden a multiple of 4. */
  readonly x: Tensor;
  readonly norm?: FusedNorm;
  /** `[experts, hidden]`, f32. */
  readonly router: Tensor;
  /** Experts per token. */
  readonly topK: number;
  /** Router logits `[tokens, experts]`, f32. Also a tap. */
  readonly logits: Tensor;
  /** Topk ids `[tokens, topK]`, u32, by falling logit. */
  readonly experts: Tensor;
  /** Topk weights `[tokens, topK]`, f32. */
  readonly weights: Tensor;
}

/**
 * Router of a mixture of experts: logits, the topK largest by falling logit, and the softmax in f32 over these alone
 * (specification 5.8, (34) to (36)). Equal logits: the expert with the lower index comes first.
 *
 * Not-finite logits stay in range: a NaN ranks below everything and weighs 0 beside a number; infinities share the
 * weight equally. `experts` holds distinct valid indices and `weights` sums to 1 whatever x contains; a NaN in x
 * reaches the result through the experts' own arithmetic.
 * @throws ShapeError if shapes or types do not fit, or experts > 64, or topK > 8 or topK > experts.
 */
export function moeRoute(
  list: CommandList,
  { x, norm, router, topK, logits, experts, weights }: MoeRouteArgs,
): void {
  const [tokens = 0, hidden = 0] = x.shape;
  const [numExperts = 0] = router.shape;
  expectShape(x, [-1, -1], 'x');
  expectDType(x, ['f32', 'f16'], 'x');
  if (hidden % 4 !== 0) throw new ShapeError(`x has ${hidden} columns, expected a multiple of 4`);
  expectShape(router, [-1, hidden], 'router');
  expectDType(router, ['f32'], 'router');
  expectShape(experts, [tokens, topK], 'experts');
  expectDType(experts, ['u32'], 'experts');
  expectShape(weights, [tokens, topK], 'weights');
  expectDType(weights, ['f32'], 'weights');
  expectShape(logits, [tokens, numExperts], 'logits');
  expectDType(logits, ['f32'], 'logits');
  if (numExperts < 1 || numExperts > MAX_EXPERTS) {
    throw new ShapeError(`router has ${numExperts} experts, expected 1 to ${MAX_EXPERTS}`);
  }
  if (topK < 1 || topK > Math.min(MAX_TOP_K, numExperts)) {
    throw new ShapeError(`topK is ${topK}, expected 1 to ${Math.min(MAX_TOP_K, numExperts)}`);
  }
  if (norm) {
    expectShape(norm.weight, [hidden], 'norm.weight');
    expectDType(norm.weight, ['f32'], 'norm.weight');
  }
  const workgroupSize = routeWorkgroupSize(hidden, numExperts);
  list.run(kernel, {
    template: {
      input_type: x.dtype,
      HIDDEN_SIZE: hidden,
      NUM_EXPERTS: numExperts,
      TOP_K: topK,
      WORKGROUP_SIZE: workgroupSize,
      LANES_PER_EXPERT: workgroupSize / nextPowerOfTwo(numExperts),
      EPSILON: norm?.epsilon ?? 0,
      NORM: norm !== undefined,
    },
    params: { num_tokens: tokens },
    bindings: {
      x,
      router,
      ...(norm && { norm_weight: norm.weight }),
      logits,
      experts,
      weights,
    },
    workgroups: foldWorkgroups(tokens),
  });
}

/** Invocations per token: more where rows are long, or where many experts would leave each with too few. */
export function routeWorkgroupSize(hidden: number, numExperts: number): number {
  return hidden >= 2048 || numExperts > 16 ? 256 : 64;
}

function nextPowerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}
