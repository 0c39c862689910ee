import { ExportError } from '../errors.ts';
import type { FileTensor } from './file-tensor.ts';
import { RandomAccessFile } from './random-access-file.ts';
import { readSafetensors } from './safetensors.ts';
import { readTorchArchive } from './torch-archive.ts';

const ZIP_MAGIC = 0x04034b50;
const PICKLE_PROTO = 0x80;

/** Opens tensor files and closes all of them together. */
export class TensorFiles {
  readonly #open: RandomAccessFile[] = [];

  /** Tensors of one file: a torch archive, or safetensors if the name ends so. Data are read later, tensor by tensor. */
  async read(path: string): Promise<Map<string, FileTensor>> {
    const file = await RandomAccessFile.open(path);
    this.#open.push(file);
    if (path.endsWith('.safetensors')) return readSafetensors(file);
    await checkTorchMagic(file);
    return readTorchArchive(file);
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((file) => file.close()));
  }
}

async function checkTorchMagic(file: RandomAccessFile): Promise<void> {
  const start = new DataView((await file.read(0, 4)).buffer);
  if (start.getUint32(0, true) === ZIP_MAGIC) return;
  const old = start.getUint8(0) === PICKLE_PROTO;
  throw new ExportError(
    'ZIP_INVALID',
    old
      ? 'is in the format that torch used before version 1.6; load it in a current torch and save it again'
      : 'is no torch archive: it does not start like a zip file',
    { file: file.path },
  );
}
