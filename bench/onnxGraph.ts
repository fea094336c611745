/**
 * Writes ONNX models without a protobuf library. Field numbers are those of onnx/onnx.proto3 (ModelProto, GraphProto,
 * NodeProto, AttributeProto, TensorProto, ValueInfoProto).
 */

const FLOAT = 1;
const INT64 = 7;
const IR_VERSION = 8;
const OPSET = 17;

/** A value of a graph, by its name. */
export type GraphValue = string;

/** Attributes of a node: whole numbers above -1, lists of them, or `{ float }`. */
type Attributes = Readonly<Record<string, number | readonly number[] | { float: number }>>;

/** A graph that grows node by node; all values are float32 but for shapes. */
export class OnnxGraph {
  readonly #name: string;
  readonly #nodes: Uint8Array[] = [];
  readonly #constants: Uint8Array[] = [];
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  #values = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** An input of the graph. */
  input(name: string, shape: readonly number[]): GraphValue {
    this.#inputs.push(valueInfo(name, shape));
    return name;
  }

  /** Makes a value an output of the graph; `name` is that of the node's result. */
  output(name: GraphValue, shape: readonly number[]): void {
    this.#outputs.push(valueInfo(name, shape));
  }

  /** A constant, which the runtime may keep on its device. */
  constant(data: Float32Array, shape: readonly number[]): GraphValue {
    return this.#addConstant(FLOAT, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), shape);
  }

  /** A list of whole numbers, as shapes are. */
  integers(list: readonly number[]): GraphValue {
    const data = BigInt64Array.from(list, BigInt);
    return this.#addConstant(INT64, new Uint8Array(data.buffer), [list.length]);
  }

  /** A node with one result. */
  node(op: string, inputs: readonly GraphValue[], attributes: Attributes = {}, result?: string): GraphValue {
    return this.nodeOf(op, inputs, [result ?? this.#fresh()], attributes)[0];
  }

  /** A node with several results, whose names are new. */
  split(op: string, inputs: readonly GraphValue[], count: number, attributes: Attributes): GraphValue[] {
    return this.nodeOf(
      op,
      inputs,
      Array.from({ length: count }, () => this.#fresh()),
      attributes,
    );
  }

  /** The model in ONNX's binary format. */
  toBytes(): Uint8Array {
    const graph = [
      ...this.#nodes.map((node) => bytes(1, node)),
      bytes(2, text(this.#name)),
      ...this.#constants.map((constant) => bytes(5, constant)),
      ...this.#inputs.map((input) => bytes(11, input)),
      ...this.#outputs.map((output) => bytes(12, output)),
    ];
    return message(integer(1, IR_VERSION), bytes(7, message(...graph)), bytes(8, integer(2, OPSET)));
  }

  private nodeOf(op: string, inputs: readonly string[], results: string[], attributes: Attributes): string[] {
    this.#nodes.push(
      message(
        ...inputs.map((name) => bytes(1, text(name))),
        ...results.map((name) => bytes(2, text(name))),
        bytes(3, text(`node${this.#nodes.length}`)),
        bytes(4, text(op)),
        ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
      ),
    );
    return results;
  }

  #addConstant(type: number, raw: Uint8Array, shape: readonly number[]): string {
    const name = this.#fresh();
    const dimensions = shape.map((size) => integer(1, size));
    this.#constants.push(message(...dimensions, integer(2, type), bytes(8, text(name)), bytes(9, raw)));
    return name;
  }

  #fresh(): string {
    return `value${this.#values++}`;
  }
}

function attribute(name: string, value: Attributes[string]): Uint8Array {
  const field = (kind: number, ...parts: Uint8Array[]) => message(bytes(1, text(name)), ...parts, integer(20, kind));
  if (typeof value === 'number') return field(2, integer(3, value));
  if ('float' in value) return field(1, float(2, value.float));
  return field(7, ...value.map((one) => integer(8, one)));
}

function valueInfo(name: string, shape: readonly number[]): Uint8Array {
  const dimensions = message(...shape.map((size) => bytes(1, integer(1, size))));
  const tensorType = message(integer(1, FLOAT), bytes(2, dimensions));
  return message(bytes(1, text(name)), bytes(2, bytes(1, tensorType)));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A field of wire type 0. */
function integer(field: number, value: number): Uint8Array {
  return message(varint(field * 8), varint(value));
}

/** A field of wire type 5. */
function float(field: number, value: number): Uint8Array {
  return message(varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer));
}

/** A field of wire type 2: a string, bytes or a nested message. */
function bytes(field: number, value: Uint8Array): Uint8Array {
  return message(varint(field * 8 + 2), varint(value.length), value);
}

function varint(value: number): Uint8Array {
  const groups: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) groups.push((value % 128) + 128);
  return Uint8Array.from([...groups, value]);
}

function message(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
