import type { Gpu } from '@uni-moe-web/kernels';
import type {
  BenchInput,
  Contender,
  CreatePeers,
  PeerAttempt,
  PeerOperands,
} from '@uni-moe-web/kernels/bench';
import { createCpuContender } from './cpu-operator.ts';
import { groupQueryAttention } from './group-query-attention.ts';
import { matMulNBits } from './matmul-nbits.ts';
import { createOperatorContender, type OnnxRuntime, type OperatorPeer } from './onnx-operator.ts';
import { qmoe } from './qmoe.ts';
import { skipNorm } from './skip-norm.ts';

/** ONNX Runtime Web for operators on our device, and, as a build of its own, for operators on the CPU. */
export interface OnnxRuntimes {
  readonly webgpu: OnnxRuntime;
  readonly wasm: OnnxRuntime;
}

/**
 * ONNX Runtime Web's operators for the inputs that have a counterpart there, on our device and on the CPU. Of long runs only
 * the one on our device that is nearest in precision takes part.
 */
export function onnxPeers({ webgpu, wasm }: OnnxRuntimes, gpu: Gpu, isLong: boolean): CreatePeers {
  const attempt = async (name: string, create: () => Promise<Contender>): Promise<PeerAttempt> => {
    try {
      return await create();
    } catch (error) {
      return { name, reason: error instanceof Error ? error.message : String(error) };
    }
  };
  return async (inputs) => {
    const attempts: PeerAttempt[] = [];
    const peers = operatorPeers(gpu, inputs);
    for (const peer of isLong ? peers.slice(0, 1) : peers) {
      // Copied before the other one can change what it shares, as attention does with the cache.
      const onCpu = isLong
        ? []
        : [await attempt(`${peer.name}, wasm`, () => createCpuContender(wasm, gpu, peer))];
      attempts.push(await attempt(peer.name, () => createOperatorContender(webgpu, gpu, peer)), ...onCpu);
    }
    return attempts;
  };
}

function operatorPeers(gpu: Gpu, inputs: readonly BenchInput[]): OperatorPeer[] {
  const matmuls = operandsOf(inputs, 'matmul');
  if (matmuls.length > 0) return [matMulNBits(gpu, matmuls, 1), matMulNBits(gpu, matmuls, 4)];
  const moes = operandsOf(inputs, 'moe');
  if (moes.length > 0) return [qmoe(gpu, moes)];
  const attentions = operandsOf(inputs, 'attention');
  if (attentions.length > 0) return [groupQueryAttention(gpu, attentions)];
  const norms = operandsOf(inputs, 'skip-norm');
  return norms.length > 0 ? [skipNorm(gpu, norms)] : [];
}

function operandsOf<Kind extends PeerOperands['kind']>(
  inputs: readonly BenchInput[],
  kind: Kind,
): Extract<PeerOperands, { kind: Kind }>[] {
  return inputs.flatMap(({ operands }) =>
    operands?.kind === kind ? [operands as Extract<PeerOperands, { kind: Kind }>] : [],
  );
}
