export { createTower, type TowerOptions } from './onnx-tower.ts';
export type { OnnxRuntimeOptions } from './onnx-runtime.ts';
export {
  type CpuTowerTensor,
  type GpuTowerTensor,
  type Tower,
  type TowerOutputs,
  type TowerTensor,
} from './tower.ts';
