import { ExportError, type ExportErrorCode } from '../errors.ts';
import { checkLimit } from './limits.ts';
import { describeOpcode, OPCODES } from './pickle-opcodes.ts';
import { PickleBytes } from './pickle-bytes.ts';

/** What a pickle may hold. Lists and tuples are told apart because torch's builders ask for tuples. */
export type PickleValue = null | boolean | number | string | PickleObject;
export type PickleObject = PickleTuple | PickleList | PickleDict | PickleGlobal | PickleOpaque;

export class PickleTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}
export class PickleList {
  readonly items: PickleValue[] = [];
}
export class PickleDict {
  readonly entries = new Map<string | number | boolean, PickleValue>();
}
/** A name on the allow-list, not yet called. */
export class PickleGlobal {
  readonly qualifiedName: string;
  constructor(qualifiedName: string) {
    this.qualifiedName = qualifiedName;
  }
}
/** A value that only the caller's tables understand, such as a storage or a tensor. */
export class PickleOpaque {
  readonly value: object;
  constructor(value: object) {
    this.value = value;
  }
}

/** What a pickle may name. Everything else ends the reading. */
export interface PickleEnvironment {
  /** For error messages. */
  readonly file: string;
  /** `module.name` of constants and of functions that `REDUCE` may apply, each replaced by a function of ours. */
  readonly globals: ReadonlyMap<string, 'constant' | ((args: readonly PickleValue[]) => PickleValue)>;
  /** Resolves a persistent id, torch's reference to a storage. */
  readonly persistentLoad: (id: PickleValue) => PickleValue;
}

/**
 * Reads a pickle without executing anything: instructions and names outside the allow-lists are errors.
 * @throws ExportError `PICKLE_FORBIDDEN_OPCODE`, `PICKLE_FORBIDDEN_GLOBAL`, `PICKLE_INVALID` or `LIMIT_EXCEEDED`.
 */
export function unpickle(bytes: Uint8Array, environment: PickleEnvironment): PickleValue {
  return new Unpickler(bytes, environment).run();
}

class Unpickler {
  readonly #in: PickleBytes;
  readonly #environment: PickleEnvironment;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: Uint8Array, environment: PickleEnvironment) {
    this.#in = new PickleBytes(bytes, environment.file);
    this.#environment = environment;
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.#in.u8();
      if (opcode === OPCODES.STOP) return this.#finish();
      this.#step(opcode);
      checkLimit('pickleStack', this.#stack.length, this.#environment.file);
    }
  }

  #finish(): PickleValue {
    if (this.#stack.length !== 1 || this.#marks.length > 0) {
      throw this.#error('PICKLE_INVALID', `stops with ${this.#stack.length} values on the stack, expected 1`);
    }
    if (!this.#in.atEnd) throw this.#error('PICKLE_INVALID', 'bytes follow the end of the pickle');
    return this.#stack[0]!;
  }

  #step(opcode: number): void {
    switch (opcode) {
      case OPCODES.PROTO:
        return this.#checkProtocol(this.#in.u8());
      case OPCODES.FRAME:
        this.#in.skip(8);
        return;
      case OPCODES.MARK:
        this.#marks.push(this.#stack.length);
        return checkLimit('pickleDepth', this.#marks.length, this.#environment.file);
      case OPCODES.NONE:
        return this.#push(null);
      case OPCODES.NEWTRUE:
        return this.#push(true);
      case OPCODES.NEWFALSE:
        return this.#push(false);
      case OPCODES.BININT:
        return this.#push(this.#in.i32());
      case OPCODES.BININT1:
        return this.#push(this.#in.u8());
      case OPCODES.BININT2:
        return this.#push(this.#in.u16());
      case OPCODES.LONG1:
        return this.#push(this.#in.long(this.#in.u8()));
      case OPCODES.BINFLOAT:
        return this.#push(this.#in.f64());
      case OPCODES.BINUNICODE:
        return this.#push(this.#in.text(this.#in.u32()));
      case OPCODES.SHORT_BINUNICODE:
        return this.#push(this.#in.text(this.#in.u8()));
      case OPCODES.EMPTY_TUPLE:
        return this.#push(new PickleTuple([]));
      case OPCODES.TUPLE1:
        return this.#push(new PickleTuple(this.#popMany(1)));
      case OPCODES.TUPLE2:
        return this.#push(new PickleTuple(this.#popMany(2)));
      case OPCODES.TUPLE3:
        return this.#push(new PickleTuple(this.#popMany(3)));
      case OPCODES.TUPLE:
        return this.#push(new PickleTuple(this.#popToMark()));
      case OPCODES.EMPTY_LIST:
        return this.#push(new PickleList());
      case OPCODES.APPEND:
        return this.#append(this.#popMany(1));
      case OPCODES.APPENDS:
        return this.#append(this.#popToMark());
      case OPCODES.EMPTY_DICT:
        return this.#push(new PickleDict());
      case OPCODES.SETITEM:
        return this.#setItems(this.#popMany(2));
      case OPCODES.SETITEMS:
        return this.#setItems(this.#popToMark());
      case OPCODES.BINPUT:
        return this.#memoize(this.#in.u8());
      case OPCODES.LONG_BINPUT:
        return this.#memoize(this.#in.u32());
      case OPCODES.MEMOIZE:
        return this.#memoize(this.#memo.size);
      case OPCODES.BINGET:
        return this.#recall(this.#in.u8());
      case OPCODES.LONG_BINGET:
        return this.#recall(this.#in.u32());
      case OPCODES.GLOBAL: {
        const module = this.#in.line();
        return this.#global(module, this.#in.line());
      }
      case OPCODES.STACK_GLOBAL: {
        const [module, name] = this.#popMany(2);
        return this.#global(module, name);
      }
      case OPCODES.REDUCE:
        return this.#reduce();
      case OPCODES.BUILD:
        return this.#build();
      case OPCODES.BINPERSID:
        return this.#push(this.#environment.persistentLoad(this.#popMany(1)[0]!));
      default:
        throw this.#error(
          'PICKLE_FORBIDDEN_OPCODE',
          `instruction ${describeOpcode(opcode)} is not one that torch writes for tensors; nothing was executed`,
        );
    }
  }

  #checkProtocol(protocol: number): void {
    if (protocol >= 2 && protocol <= 5) return;
    throw this.#error('PICKLE_INVALID', `protocol ${protocol}, expected 2 to 5`);
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #top(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw this.#error('PICKLE_INVALID', 'stack is empty');
    return this.#stack.at(-1)!;
  }

  #popMany(count: number): PickleValue[] {
    if (this.#stack.length - count < (this.#marks.at(-1) ?? 0))
      throw this.#error('PICKLE_INVALID', 'stack is empty');
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#error('PICKLE_INVALID', 'no mark on the stack');
    return this.#stack.splice(mark);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!(list instanceof PickleList))
      throw this.#error('PICKLE_INVALID', 'appends to something that is no list');
    for (const item of items) list.items.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const dict = this.#top();
    if (!(dict instanceof PickleDict))
      throw this.#error('PICKLE_INVALID', 'sets items of something that is no dict');
    if (items.length % 2 !== 0) throw this.#error('PICKLE_INVALID', 'a dict key has no value');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (typeof key === 'object') throw this.#error('PICKLE_INVALID', 'a dict key is no text or number');
      if (dict.entries.has(key))
        throw this.#error('PICKLE_INVALID', `dict key ${JSON.stringify(key)} occurs twice`);
      dict.entries.set(key, items[i + 1]!);
    }
  }

  #memoize(index: number): void {
    this.#memo.set(index, this.#top());
    checkLimit('pickleMemo', this.#memo.size, this.#environment.file);
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#error('PICKLE_INVALID', `memo entry ${index} was never written`);
    this.#push(value);
  }

  #global(module: PickleValue | undefined, name: PickleValue | undefined): void {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.#error('PICKLE_INVALID', 'a global has no module or name');
    }
    const qualifiedName = `${module}.${name}`;
    if (!this.#environment.globals.has(qualifiedName)) throw this.#forbidden(qualifiedName);
    this.#push(new PickleGlobal(qualifiedName));
  }

  #reduce(): void {
    const [callable, args] = this.#popMany(2);
    if (!(callable instanceof PickleGlobal))
      throw this.#error('PICKLE_INVALID', 'calls something that is no global');
    if (!(args instanceof PickleTuple)) throw this.#error('PICKLE_INVALID', 'calls a global without a tuple');
    const apply = this.#environment.globals.get(callable.qualifiedName);
    if (typeof apply !== 'function')
      throw this.#forbidden(callable.qualifiedName, 'may be named but not called');
    this.#push(apply(args.items));
  }

  /** `torch.save` gives a state dict's version table as attributes of the dict; they carry no tensor. */
  #build(): void {
    this.#popMany(1);
    if (this.#top() instanceof PickleDict) return;
    throw this.#error(
      'PICKLE_FORBIDDEN_OPCODE',
      `instruction ${describeOpcode(OPCODES.BUILD)} sets attributes of something that is no dict; nothing was executed`,
    );
  }

  #forbidden(qualifiedName: string, problem = 'is not on the list of harmless names'): ExportError {
    return this.#error(
      'PICKLE_FORBIDDEN_GLOBAL',
      `global ${qualifiedName} ${problem}; nothing was executed. Only plain state dicts of tensors are read: save one with torch.save(model.state_dict(), path), or use safetensors`,
    );
  }

  #error(code: ExportErrorCode, problem: string): ExportError {
    return new ExportError(code, `pickle, byte ${this.#in.position}: ${problem}`, {
      file: this.#environment.file,
    });
  }
}
