import type { Gpu } from '@uni-moe-web/kernels';
import type {
  BenchInput,
  Contender,
  CreatePeers,
  PeerAttempt,
  PeerOperands,
} from '@uni-moe-web/kernels/bench';
import { groupQueryAttention } from './group-query-attention.ts';
import { matMulNBits } from './matmul-nbits.ts';
import type { OnnxRuntime } from './onnx-operator.ts';
import { qmoe } from './qmoe.ts';
import { skipNorm } from './skip-norm.ts';

/** ONNX Runtime Web's operators on our device, for the inputs that have a counterpart there. */
export function onnxPeers(runtime: OnnxRuntime, gpu: Gpu): CreatePeers {
  const attempt = async (name: string, create: () => Promise<Contender>): Promise<PeerAttempt> => {
    try {
      return await create();
    } catch (error) {
      return { name, reason: error instanceof Error ? error.message : String(error) };
    }
  };
  return async (inputs) => {
    const matmuls = operandsOf(inputs, 'matmul');
    if (matmuls.length > 0) {
      return [
        await attempt('ORT MatMulNBits', () => matMulNBits(runtime, gpu, matmuls, 1)),
        await attempt('ORT MatMulNBits, accuracy level 4', () => matMulNBits(runtime, gpu, matmuls, 4)),
      ];
    }
    const moes = operandsOf(inputs, 'moe');
    if (moes.length > 0) return [await attempt('ORT QMoE', () => qmoe(runtime, gpu, moes))];
    const attentions = operandsOf(inputs, 'attention');
    if (attentions.length > 0) {
      return [await attempt('ORT GroupQueryAttention', () => groupQueryAttention(runtime, gpu, attentions))];
    }
    const norms = operandsOf(inputs, 'skip-norm');
    if (norms.length > 0) {
      return [await attempt('ORT SkipSimplifiedLayerNormalization', () => skipNorm(runtime, gpu, norms))];
    }
    return [];
  };
}

function operandsOf<Kind extends PeerOperands['kind']>(
  inputs: readonly BenchInput[],
  kind: Kind,
): Extract<PeerOperands, { kind: Kind }>[] {
  return inputs.flatMap(({ operands }) =>
    operands?.kind === kind ? [operands as Extract<PeerOperands, { kind: Kind }>] : [],
  );
}
