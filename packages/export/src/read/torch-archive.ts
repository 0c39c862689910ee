import { ExportError } from '../errors.ts';
import { DTYPE_BYTES, type Dtype } from './dtype.ts';
import { checkView, FileTensor } from './file-tensor.ts';
import { checkLimit, countElements } from './limits.ts';
import {
  PickleDict,
  PickleGlobal,
  PickleList,
  PickleOpaque,
  PickleTuple,
  unpickle,
  type PickleEnvironment,
  type PickleValue,
} from './pickle.ts';
import type { RandomAccessFile } from './random-access-file.ts';
import { readZipDirectory, type ZipMember } from './zip.ts';

/** torch's storage classes; the element type is in the name. */
const STORAGES: Readonly<Record<string, Dtype>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

class Storage {
  readonly key: string;
  readonly dtype: Dtype;
  readonly elements: number;
  constructor(key: string, dtype: Dtype, elements: number) {
    this.key = key;
    this.dtype = dtype;
    this.elements = elements;
  }
}

class TensorRecord {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * Tensors of a state dict saved by `torch.save` (zip archives, torch 1.6 and later). Storages may be shared and tensors
 * may be strided views. Nothing in the file is executed.
 * @throws ExportError naming file, and tensor or pickle instruction, if anything is not as torch writes it.
 */
export async function readTorchArchive(file: RandomAccessFile): Promise<Map<string, FileTensor>> {
  const members = await readZipDirectory(file);
  const pickle = findPickle(members, file);
  const root = pickle.name.slice(0, -'data.pkl'.length);
  await checkByteOrder(members.get(`${root}byteorder`), file);
  checkLimit('pickle', pickle.sizeBytes, file.path);
  const bytes = await file.read(await pickle.locate(), pickle.sizeBytes);
  const value = unpickle(bytes, environment(file.path));
  if (!(value instanceof PickleDict)) {
    throw new ExportError('PICKLE_INVALID', 'holds no dict of tensors; save model.state_dict()', {
      file: file.path,
    });
  }
  checkLimit('tensors', value.entries.size, file.path);
  const tensors = new Map<string, FileTensor>();
  for (const [name, entry] of value.entries) {
    const record = entry instanceof PickleOpaque ? entry.value : undefined;
    if (typeof name !== 'string' || !(record instanceof TensorRecord)) {
      throw new ExportError('PICKLE_INVALID', 'entry is no tensor', {
        file: file.path,
        tensor: String(name),
      });
    }
    checkLimit('nameLength', name.length, file.path);
    tensors.set(name, await openTensor(name, record, root, members, file));
  }
  return tensors;
}

function findPickle(members: ReadonlyMap<string, ZipMember>, file: RandomAccessFile): ZipMember {
  const found = [...members.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (found.length === 1) return found[0]!;
  throw new ExportError(
    'ZIP_INVALID',
    `zip archive has ${found.length} members <name>/data.pkl, expected 1: it was not written by torch.save`,
    { file: file.path },
  );
}

async function checkByteOrder(member: ZipMember | undefined, file: RandomAccessFile): Promise<void> {
  if (!member) return;
  const order = new TextDecoder().decode(
    await file.read(await member.locate(), Math.min(member.sizeBytes, 16)),
  );
  if (order !== 'little') {
    throw new ExportError('ZIP_INVALID', `byte order ${JSON.stringify(order)}, only "little" is read`, {
      file: file.path,
    });
  }
}

async function openTensor(
  name: string,
  { storage, offset, shape, strides }: TensorRecord,
  root: string,
  members: ReadonlyMap<string, ZipMember>,
  file: RandomAccessFile,
): Promise<FileTensor> {
  const { dtype, elements, key } = storage;
  const where = { file: file.path, tensor: name };
  const member = members.get(`${root}data/${key}`);
  if (!member)
    throw new ExportError('TENSOR_OUT_OF_BOUNDS', `storage ${JSON.stringify(key)} is not in the file`, where);
  countElements(shape, file.path, name);
  if (!(elements * DTYPE_BYTES[dtype] <= member.sizeBytes)) {
    throw new ExportError(
      'TENSOR_OUT_OF_BOUNDS',
      `storage ${JSON.stringify(key)} is said to have ${elements} elements of ${dtype}, but has ${member.sizeBytes} bytes`,
      where,
    );
  }
  checkView({ offset, shape, strides }, elements, file.path, name);
  return new FileTensor({
    name,
    shape,
    dtype,
    file,
    storageStartBytes: await member.locate(),
    offset,
    strides,
  });
}

function environment(file: string): PickleEnvironment {
  const invalid = (problem: string): ExportError => new ExportError('PICKLE_INVALID', problem, { file });

  const rebuildTensor = (args: readonly PickleValue[]): PickleValue => {
    const [storage, offset, shape, strides] = args;
    if (!(storage instanceof PickleOpaque && storage.value instanceof Storage)) {
      throw invalid('a tensor has no storage');
    }
    if (typeof offset !== 'number') throw invalid('a tensor has no storage offset');
    return new PickleOpaque(
      new TensorRecord(storage.value, offset, numbers(shape, 'shape'), numbers(strides, 'strides')),
    );
  };
  const rebuildParameter = (args: readonly PickleValue[]): PickleValue => {
    const [tensor] = args;
    if (tensor instanceof PickleOpaque && tensor.value instanceof TensorRecord) return tensor;
    throw invalid('a parameter holds no tensor');
  };
  const numbers = (value: PickleValue | undefined, what: string): number[] => {
    if (value instanceof PickleTuple && value.items.every((item) => typeof item === 'number')) {
      return [...value.items];
    }
    throw invalid(`a tensor's ${what} is no tuple of numbers`);
  };

  return {
    file,
    globals: new Map<string, 'constant' | ((args: readonly PickleValue[]) => PickleValue)>([
      ['collections.OrderedDict', (args) => orderedDict(args, invalid)],
      ['torch._utils._rebuild_tensor', rebuildTensor],
      ['torch._utils._rebuild_tensor_v2', rebuildTensor],
      ['torch._utils._rebuild_parameter', rebuildParameter],
      ['torch.Size', (args) => new PickleTuple(numbers(args[0], 'size'))],
      ...Object.keys(STORAGES).map((name) => [name, 'constant'] as const),
    ]),
    persistentLoad: (id) => {
      const [tag, type, key, , elements] = id instanceof PickleTuple ? id.items : [];
      const dtype = type instanceof PickleGlobal ? STORAGES[type.qualifiedName] : undefined;
      if (tag !== 'storage' || !dtype || typeof key !== 'string' || typeof elements !== 'number') {
        throw invalid('a storage reference is not as torch writes it');
      }
      if (!Number.isSafeInteger(elements) || elements < 0) throw invalid(`a storage of ${elements} elements`);
      return new PickleOpaque(new Storage(key, dtype, elements));
    },
  };
}

/** `OrderedDict()` or `OrderedDict([(key, value), ...])`. */
function orderedDict(args: readonly PickleValue[], invalid: (problem: string) => ExportError): PickleDict {
  const dict = new PickleDict();
  if (args.length === 0) return dict;
  const [pairs] = args;
  if (!(pairs instanceof PickleList)) throw invalid('an OrderedDict is made of something that is no list');
  for (const pair of pairs.items) {
    const [key, value] = pair instanceof PickleTuple ? pair.items : [];
    if (typeof key !== 'string' || value === undefined) throw invalid('an OrderedDict entry is no pair');
    if (dict.entries.has(key)) throw invalid(`dict key ${JSON.stringify(key)} occurs twice`);
    dict.entries.set(key, value);
  }
  return dict;
}
