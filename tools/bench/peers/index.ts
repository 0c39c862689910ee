import type { Gpu } from '@uni-moe-web/kernels';
import type {
  BenchInput,
  Contender,
  CreatePeers,
  PeerAttempt,
  PeerOperands,
} from '@uni-moe-web/kernels/bench';
import { messageOf } from '../../message-of.ts';
import { createCpuContender } from './cpu-operator.ts';
import { groupQueryAttention } from './group-query-attention.ts';
import { matMulNBits, type AccuracyLevel } from './matmul-nbits.ts';
import { createOperatorContender, type OnnxRuntime, type OperatorPeer } from './onnx-operator.ts';
import { PeerBuffers } from './peer-buffers.ts';
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
      return { name, reason: messageOf(error) };
    }
  };
  return async (inputs) => {
    const buffers = new PeerBuffers(gpu);
    try {
      const attempts: PeerAttempt[] = [];
      for (const peer of operatorPeers(gpu, buffers, inputs, isLong)) {
        // Copied before the other one can change what it shares, as attention does with the cache.
        const onCpu =
          isLong || peer.hidesSubgroups
            ? []
            : [await attempt(`${peer.name}, wasm`, () => createCpuContender(wasm, gpu, peer))];
        attempts.push(await attempt(peer.name, () => createOperatorContender(webgpu, gpu, peer)), ...onCpu);
      }
      return { attempts, dispose: () => buffers.destroy() };
    } catch (error) {
      buffers.destroy();
      throw error;
    }
  };
}

function operatorPeers(
  gpu: Gpu,
  buffers: PeerBuffers,
  inputs: readonly BenchInput[],
  isLong: boolean,
): OperatorPeer[] {
  const matmuls = operandsOf(inputs, 'matmul');
  if (matmuls.length > 0) {
    const nearest: AccuracyLevel = matmuls[0]!.isRounded ? 4 : 1;
    return matMulNBits(buffers, matmuls, isLong ? [nearest] : [1, 4]);
  }
  const moes = operandsOf(inputs, 'moe');
  if (moes.length > 0) return [qmoe(buffers, moes)];
  const attentions = operandsOf(inputs, 'attention');
  if (attentions.length > 0) {
    // For one token it has a single algorithm.
    const isPrefill = attentions[0]!.qkv.shape[0]! > 1;
    const views = isPrefill && gpu.capabilities.subgroups ? [false, true] : [false];
    return views.map((hidesSubgroups) => groupQueryAttention(buffers, attentions, hidesSubgroups));
  }
  const norms = operandsOf(inputs, 'skip-norm');
  return norms.length > 0 ? [skipNorm(buffers, norms)] : [];
}

function operandsOf<Kind extends PeerOperands['kind']>(
  inputs: readonly BenchInput[],
  kind: Kind,
): Extract<PeerOperands, { kind: Kind }>[] {
  return inputs.flatMap(({ operands }) =>
    operands?.kind === kind ? [operands as Extract<PeerOperands, { kind: Kind }>] : [],
  );
}
