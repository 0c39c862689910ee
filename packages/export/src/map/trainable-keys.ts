import { ExportError } from '../errors.ts';
import type { SourceTensor, SourceTensors } from '../read/source-tensor.ts';

const PEFT_WRAPPER = 'base_model.';
const INNER_MODEL = 'model.';

/**
 * Rewrites the keys of non_lora_trainables.bin as the reference's loader does: drop `base_model.`; if any key then
 * starts with `model.model.`, drop one `model.` from every key that has it.
 * @throws ExportError `TENSOR_SURPLUS` if two keys become one.
 */
export function rewriteTrainableKeys(tensors: SourceTensors): Map<string, SourceTensor> {
  const unwrapped = [...tensors.values()].map((tensor) => ({
    key: dropPrefix(tensor.name, PEFT_WRAPPER),
    tensor,
  }));
  const nested = unwrapped.some(({ key }) => key.startsWith(INNER_MODEL + INNER_MODEL));
  const result = new Map<string, SourceTensor>();
  for (const { key, tensor } of unwrapped) {
    const name = nested ? dropPrefix(key, INNER_MODEL) : key;
    const other = result.get(name);
    if (other) {
      throw new ExportError('TENSOR_SURPLUS', `means ${name} after rewriting, as does ${other.name}`, {
        file: tensor.file,
        tensor: tensor.name,
      });
    }
    result.set(name, tensor);
  }
  return result;
}

function dropPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}
