import { encodeModel, type Attribute, type Initializer, type Node, type ValueInfo } from './model-proto.ts';

/** Name of a value in a graph: an input, a constant or a node's output. */
export type Value = string;

interface NodeOptions {
  readonly domain?: '' | 'com.microsoft';
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** Collects nodes, constants, inputs and outputs of one ONNX graph, in the order in which they run. */
export class Graph {
  readonly #name: string;
  readonly #nodes: Node[] = [];
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #uses = new Map<string, number>();

  constructor(name: string) {
    this.#name = name;
  }

  /** A float32 input; a name as dimension is dynamic. */
  input(name: string, shape: ValueInfo['shape']): Value {
    this.#inputs.push({ name, shape });
    return name;
  }

  /** Gives `value` a name that a session can ask for. */
  output(name: string, value: Value, shape: ValueInfo['shape']): void {
    this.#nodes.push({
      name,
      opType: 'Identity',
      domain: '',
      inputs: [value],
      outputs: [name],
      attributes: {},
    });
    this.#outputs.push({ name, shape });
  }

  /** Adds a node with one output. `scope` says in readable words where in the model it stands. */
  node(opType: string, scope: string, inputs: readonly Value[], options: NodeOptions = {}): Value {
    return this.nodes(opType, scope, inputs, 1, options)[0]!;
  }

  /** Adds a node with `count` outputs. */
  nodes(
    opType: string,
    scope: string,
    inputs: readonly Value[],
    count: number,
    { domain = '', attributes = {} }: NodeOptions = {},
  ): Value[] {
    const name = this.#unique(`${scope}/${opType}`);
    const outputs = Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}:${i}`));
    this.#nodes.push({ name, opType, domain, inputs, outputs, attributes });
    return outputs;
  }

  /** Adds a constant; one of the same name is added once. */
  constant(initializer: Initializer): Value {
    if (!this.#initializers.has(initializer.name)) this.#initializers.set(initializer.name, initializer);
    return initializer.name;
  }

  /** A list of whole numbers, such as a shape. */
  int64s(values: readonly number[]): Value {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.constant({
      name: `int64s(${values.join(',')})`,
      type: 'int64',
      shape: [values.length],
      write: (target) => target.set(bytes),
    });
  }

  /** The finished file; see `encodeModel`. */
  encode(): Promise<Uint8Array<ArrayBuffer>> {
    return encodeModel({
      name: this.#name,
      nodes: this.#nodes,
      inputs: this.#inputs,
      outputs: this.#outputs,
      initializers: [...this.#initializers.values()],
    });
  }

  #unique(name: string): string {
    const uses = this.#uses.get(name) ?? 0;
    this.#uses.set(name, uses + 1);
    return uses === 0 ? name : `${name}#${uses}`;
  }
}
