import { describe, expect, test } from 'vitest';
import { expectExportError } from '../../testing/expect-error.ts';
import { PickleBuilder } from '../../testing/pickle-builder.ts';
import {
  PickleDict,
  PickleList,
  PickleTuple,
  unpickle,
  type PickleEnvironment,
  type PickleValue,
} from './pickle.ts';

const calls: unknown[] = [];
const environment: PickleEnvironment = {
  file: 'weights.bin',
  globals: new Map<string, 'constant' | ((args: readonly PickleValue[]) => PickleValue)>([
    ['torch.FloatStorage', 'constant'],
    [
      'collections.OrderedDict',
      (args) => {
        calls.push(args);
        return new PickleDict();
      },
    ],
  ]),
  persistentLoad: (id) => id,
};
const read = (builder: PickleBuilder): PickleValue => unpickle(builder.finish(), environment);

describe('unpickle', () => {
  test('reads numbers, text, containers and references', () => {
    const value = read(
      new PickleBuilder()
        .op('EMPTY_DICT')
        .op('BINPUT', 0)
        .op('MARK')
        .text('ints')
        .ints([0, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, -(2 ** 40)])
        .text('list')
        .op('EMPTY_LIST')
        .op('MARK')
        .op('BININT1', 7)
        .op('BININT2', 1, 2)
        .op('BINFLOAT', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)
        .op('APPENDS')
        .text('nothing')
        .op('NONE')
        .text('π')
        .op('NEWTRUE')
        .op('SETITEMS'),
    ) as PickleDict;
    expect((value.entries.get('ints') as PickleTuple).items).toEqual([
      0,
      -1,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 40,
      -(2 ** 40),
    ]);
    expect((value.entries.get('list') as PickleList).items).toEqual([7, 513, 1.5]);
    expect(value.entries.get('nothing')).toBeNull();
    expect(value.entries.get('π')).toBe(true);
  });

  test('reads frames, short text and memoisation of protocol 4', () => {
    const value = read(
      new PickleBuilder(4)
        .op('FRAME', 0, 0, 0, 0, 0, 0, 0, 0)
        .op('SHORT_BINUNICODE', 2, 0x68, 0x69)
        .op('MEMOIZE')
        .op('BINGET', 0)
        .op('TUPLE2'),
    ) as PickleTuple;
    expect(value.items).toEqual(['hi', 'hi']);
  });

  test('keeps a dict whose attributes are set and drops the attributes', () => {
    const value = read(new PickleBuilder().op('EMPTY_DICT').op('EMPTY_DICT').op('BUILD'));
    expect(value).toBeInstanceOf(PickleDict);
  });

  test('calls only functions of its own table', async () => {
    calls.length = 0;
    read(new PickleBuilder().global('collections', 'OrderedDict').op('EMPTY_TUPLE').op('REDUCE'));
    expect(calls).toEqual([[]]);
    await expectExportError(
      () => read(new PickleBuilder().global('torch', 'FloatStorage').op('EMPTY_TUPLE').op('REDUCE')),
      'PICKLE_FORBIDDEN_GLOBAL',
      'torch.FloatStorage',
    );
  });

  test.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['builtins', '__import__'],
    ['subprocess', 'Popen'],
    ['torch', 'load'],
    ['collections', 'OrderedDict.__init__'],
    ['', ''],
  ])('refuses global %s.%s by name, in both spellings', async (module, name) => {
    const escaped = `${module}.${name}`.replaceAll('.', String.raw`\.`);
    const expected = [/^weights\.bin: /, new RegExp(`global ${escaped} `), /nothing was executed/] as const;
    const line = new PickleBuilder().global(module, name).text('echo owned').op('TUPLE1').op('REDUCE');
    await expectExportError(() => read(line), 'PICKLE_FORBIDDEN_GLOBAL', ...expected);
    const stack = new PickleBuilder(4)
      .text(module)
      .text(name)
      .op('STACK_GLOBAL')
      .op('EMPTY_TUPLE')
      .op('REDUCE');
    await expectExportError(() => read(stack), 'PICKLE_FORBIDDEN_GLOBAL', ...expected);
  });

  test.each([
    ['INST', 0x69],
    ['OBJ', 0x6f],
    ['NEWOBJ', 0x81],
    ['NEWOBJ_EX', 0x92],
    ['EXT1', 0x82],
    ['PERSID', 0x50],
    ['BYTEARRAY8', 0x96],
    ['0xff', 0xff],
  ])('refuses instruction %s by name', async (name, code) => {
    await expectExportError(
      () => read(new PickleBuilder().raw(code)),
      'PICKLE_FORBIDDEN_OPCODE',
      name,
      'weights.bin',
    );
  });

  test('refuses attributes on anything but a dict', async () => {
    await expectExportError(
      () => read(new PickleBuilder().op('EMPTY_LIST').op('EMPTY_DICT').op('BUILD')),
      'PICKLE_FORBIDDEN_OPCODE',
      'BUILD',
    );
  });

  test.each<[string, Uint8Array]>([
    ['no bytes', new Uint8Array(0)],
    ['no STOP', new PickleBuilder().int(1).unfinished()],
    ['protocol 1', new PickleBuilder(1).int(1).finish()],
    ['text cut short', new PickleBuilder().op('BINUNICODE', 255, 0, 0, 0, 65).unfinished()],
    ['text of 4 GB', new PickleBuilder().op('BINUNICODE', 255, 255, 255, 255).unfinished()],
    ['text that is no UTF-8', new PickleBuilder().op('BINUNICODE', 1, 0, 0, 0, 0xff).finish()],
    ['global without a newline', new PickleBuilder().op('GLOBAL').raw(0x6f, 0x73).unfinished()],
    ['empty stack', new PickleBuilder().op('TUPLE1').finish()],
    ['two values', new PickleBuilder().int(1).int(2).finish()],
    ['open mark', new PickleBuilder().int(1).op('MARK').finish()],
    ['no mark', new PickleBuilder().int(1).op('TUPLE').finish()],
    ['pop across a mark', new PickleBuilder().int(1).op('MARK').op('TUPLE1').finish()],
    ['unknown memo entry', new PickleBuilder().op('BINGET', 3).finish()],
    ['memo of nothing', new PickleBuilder().op('BINPUT', 0).finish()],
    ['odd dict items', new PickleBuilder().op('EMPTY_DICT').op('MARK').text('a').op('SETITEMS').finish()],
    [
      'dict key that is a dict',
      new PickleBuilder().op('EMPTY_DICT').op('EMPTY_DICT').int(1).op('SETITEM').finish(),
    ],
    [
      'repeated dict key',
      new PickleBuilder().op('EMPTY_DICT').op('MARK').int(1).int(2).int(1).int(3).op('SETITEMS').finish(),
    ],
    ['items on a tuple', new PickleBuilder().op('EMPTY_TUPLE').int(1).int(2).op('SETITEM').finish()],
    ['append to a dict', new PickleBuilder().op('EMPTY_DICT').int(1).op('APPEND').finish()],
    ['call of a number', new PickleBuilder().int(1).op('EMPTY_TUPLE').op('REDUCE').finish()],
    [
      'call with a list',
      new PickleBuilder().global('collections', 'OrderedDict').op('EMPTY_LIST').op('REDUCE').finish(),
    ],
    [
      'integer of 200 bytes',
      new PickleBuilder()
        .op('LONG1', 200)
        .raw(...Array<number>(200).fill(1))
        .finish(),
    ],
    ['integer above 2^53', new PickleBuilder().op('LONG1', 8, 0, 0, 0, 0, 0, 0, 0, 0x40).finish()],
    ['bytes after STOP', Uint8Array.from([...new PickleBuilder().int(1).finish(), 0])],
  ])('reports %s', async (_, bytes) => {
    await expectExportError(
      () => unpickle(bytes, environment),
      'PICKLE_INVALID',
      /^weights\.bin: pickle, byte \d+: /,
    );
  });

  test('bounds nesting', async () => {
    const deep = new PickleBuilder();
    for (let i = 0; i < 65; i++) deep.op('MARK');
    await expectExportError(() => read(deep), 'LIMIT_EXCEEDED', '65 nested pickle marks', '64');
  });

  test('bounds the stack', async () => {
    const wide = new Uint8Array(1_000_003).fill(0x4e);
    wide.set([0x80, 2]);
    await expectExportError(
      () => unpickle(wide, environment),
      'LIMIT_EXCEEDED',
      'values on the pickle stack',
    );
  });
});
