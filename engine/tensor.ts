import type { Device } from './device.ts';
import { bytesPerElement, type DType, type HostArray } from './dtype.ts';
import { ShapeError } from './errors.ts';
import type { BufferBinding, GpuBuffer } from './gpuTypes.ts';
import { elementCount, formatShape } from './shape.ts';

/** A pooled buffer shared by a tensor and the views of it; it returns to the pool when the last of them is disposed. */
export class Storage {
  readonly buffer: GpuBuffer;
  references = 1;

  constructor(buffer: GpuBuffer) {
    this.buffer = buffer;
  }
}

/**
 * An n-dimensional array on the device: shape, dtype and a slice of a buffer; always contiguous and row-major. A tensor
 * is a value: no op writes to its inputs. Made by `Device.tensor`, `Device.empty` and the ops; it lives until `dispose`
 * or until the scope it was made in ends.
 */
export class Tensor {
  readonly device: Device;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly storage: Storage;
  /** First byte of this tensor in its buffer; a multiple of the device's storage offset alignment. */
  readonly byteOffset: number;
  /** Number of elements. */
  readonly size: number;
  #disposed = false;

  /** Not for callers: use `Device.tensor` or `Device.empty`. */
  constructor(device: Device, shape: readonly number[], dtype: DType, storage: Storage, byteOffset = 0) {
    this.device = device;
    this.shape = shape;
    this.dtype = dtype;
    this.storage = storage;
    this.byteOffset = byteOffset;
    this.size = elementCount(shape);
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Bytes of the elements, rounded up to the 4 that copies need. */
  get byteLength(): number {
    return Math.ceil((this.size * bytesPerElement(this.dtype)) / 4) * 4;
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** The binding of this tensor's slice. @throws ShapeError when the tensor was disposed. */
  binding(): BufferBinding {
    this.assertLive('a kernel');
    return { buffer: this.storage.buffer, offset: this.byteOffset, size: Math.max(4, this.byteLength) };
  }

  /** @throws ShapeError when the tensor was disposed or its scope has ended. */
  assertLive(user: string): void {
    if (this.#disposed)
      throw new ShapeError(
        `${user}: tensor ${formatShape(this.shape)} was used after its scope ended or after dispose()`,
      );
  }

  /**
   * The same elements under another shape; shares the buffer. One size may be -1 and is inferred.
   * @throws ShapeError when the number of elements differs.
   */
  reshape(shape: readonly number[]): Tensor {
    const known = elementCount(shape.filter((size) => size !== -1));
    const full = shape.map((size) => (size === -1 ? this.size / known : size));
    if (elementCount(full) !== this.size || full.some((size) => !Number.isInteger(size) || size < 0)) {
      throw new ShapeError(
        `reshape: ${formatShape(this.shape)} has ${this.size} elements, ${formatShape(shape)} does not fit`,
      );
    }
    return this.#view(full, this.byteOffset);
  }

  /**
   * Rows `begin` to `end` (exclusive) of the first axis. Shares the buffer where the device's alignment allows it,
   * else copies.
   * @throws ShapeError when the range is outside the axis, or an f16 row begins between two multiples of 4 bytes.
   */
  rows(begin: number, end: number = this.shape[0]): Tensor {
    if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin <= end && end <= this.shape[0])) {
      throw new ShapeError(`rows: ${begin}..${end} is outside the first axis of ${formatShape(this.shape)}`);
    }
    const rowBytes = elementCount(this.shape.slice(1)) * bytesPerElement(this.dtype);
    const shape = [end - begin, ...this.shape.slice(1)];
    const byteOffset = this.byteOffset + begin * rowBytes;
    this.assertLive('rows');
    if (byteOffset % this.device.offsetAlignment === 0) return this.#view(shape, byteOffset);
    if (byteOffset % 4 !== 0) {
      throw new ShapeError(
        `rows: row ${begin} of ${formatShape(this.shape)} ${this.dtype} begins at byte ${byteOffset}, but a copy ` +
          `begins at a multiple of 4`,
      );
    }
    const copy = this.device.empty(shape, this.dtype);
    this.device.recorder.copy(this.storage.buffer, byteOffset, copy.storage.buffer, 0, copy.byteLength);
    return copy;
  }

  /** A copy with a buffer of its own. */
  clone(): Tensor {
    this.assertLive('clone');
    const copy = this.device.empty(this.shape, this.dtype);
    const words = this.byteLength / 4;
    this.device.recorder.dispatch({
      kernel: 'copy_blocks',
      params: { size: words, length: words, offset: 0, stride: 0 },
      tensors: [this, copy],
      threads: words,
    });
    return copy;
  }

  /**
   * Runs what was recorded so far and downloads the elements; f16 is widened to float32.
   * @throws DeviceError when the device was lost or a command failed.
   */
  async read(): Promise<HostArray> {
    return (await this.device.readAll([this]))[0];
  }

  /** `read` for f32 and f16 tensors. @throws ShapeError for integer tensors. */
  async readFloats(): Promise<Float32Array> {
    const values = await this.read();
    if (!(values instanceof Float32Array))
      throw new ShapeError(`readFloats: tensor ${formatShape(this.shape)} is ${this.dtype}`);
    return values;
  }

  /** Ends this tensor's use of its buffer. Disposing twice does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.storage.references--;
    if (this.storage.references === 0) this.device.pool.release(this.storage.buffer);
  }

  #view(shape: readonly number[], byteOffset: number): Tensor {
    this.assertLive('a view');
    this.storage.references++;
    return this.device.adopt(new Tensor(this.device, shape, this.dtype, this.storage, byteOffset));
  }
}

/** The tensors of a tensor, or of arrays and plain objects of tensors; nothing else is looked into. */
export function tensorsIn(result: unknown): Tensor[] {
  if (result instanceof Tensor) return [result];
  if (Array.isArray(result)) return result.flatMap(tensorsIn);
  if (result !== null && typeof result === 'object' && Object.getPrototypeOf(result) === Object.prototype) {
    return Object.values(result).flatMap(tensorsIn);
  }
  return [];
}
