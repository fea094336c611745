/**
 * Writes the one ONNX model that the benchmark needs, without a protobuf library. Field numbers are those of
 * onnx/onnx.proto3 (ModelProto, GraphProto, NodeProto, TensorProto, ValueInfoProto).
 */

const FLOAT = 1;
const IR_VERSION = 8;
const OPSET = 17;

/**
 * An ONNX model with one node, `C = MatMul(A, B)`: input A [m, k], output C [m, n], both float32.
 * @param weight B [k, n], row-major; stored in the model as a constant, so that the runtime may keep it on the device.
 */
export function matmulModel(m: number, n: number, k: number, weight: Float32Array): Uint8Array {
  const constant = message(
    ...[k, n].map((size) => integer(1, size)),
    integer(2, FLOAT),
    bytes(8, text('B')),
    bytes(9, new Uint8Array(weight.buffer, weight.byteOffset, weight.byteLength)),
  );
  const node = message(
    bytes(1, text('A')),
    bytes(1, text('B')),
    bytes(2, text('C')),
    bytes(3, text('product')),
    bytes(4, text('MatMul')),
  );
  const graph = message(
    bytes(1, node),
    bytes(2, text('matmul')),
    bytes(5, constant),
    bytes(11, valueInfo('A', [m, k])),
    bytes(12, valueInfo('C', [m, n])),
  );
  return message(integer(1, IR_VERSION), bytes(7, graph), bytes(8, integer(2, OPSET)));
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
