import type { BufferBinding, GpuDevice } from './gpuTypes.ts';
import { type KernelParams, type KernelParamsLayout, writeKernelParams } from './kernelParams.ts';

/** Size of a buffer of blocks, and how many of them are kept before all is forgotten. */
const BUFFER_BYTES = 64 * 1024;
const MOST_BUFFERS = 16;

/** No kernel has more parameters. */
const MOST_BYTES = 256;

/** A block and what was written to it. */
interface Block {
  words: Uint32Array;
  binding: BufferBinding;
}

/**
 * Uniform blocks by the bits in them. A block that was written once stays where it is, so that a program that
 * runs again uploads no parameters, and its bind groups hold.
 */
export class ParameterBlocks {
  readonly #gpu: GPUDevice;
  readonly #alignment: number;
  /** By a hash of the words: a text of the parameters as key takes several times as long. */
  readonly #blocks = new Map<number, Block[]>();
  readonly #words = new Uint32Array(MOST_BYTES / 4);
  readonly #view = new DataView(this.#words.buffer);
  #buffer: GPUBuffer | undefined;
  #buffers = 0;
  #used = 0;

  /** `alignment` in bytes is what the device asks of offsets of uniform buffers. */
  constructor(gpu: GpuDevice, alignment: number) {
    this.#gpu = gpu;
    this.#alignment = alignment;
  }

  /** How many are there. */
  get blocks(): number {
    let count = 0;
    for (const blocks of this.#blocks.values()) count += blocks.length;
    return count;
  }

  /**
   * Where the parameters of a kernel lie; packed and written at once if they are new. Undefined for a kernel without.
   * @throws DeviceError as `packKernelParams`.
   */
  place(layout: KernelParamsLayout, params: KernelParams): BufferBinding | undefined {
    const length = layout.bytes / 4;
    const words = this.#words;
    words.fill(0, layout.params.length, length);
    writeKernelParams(layout, params, this.#view);
    if (length === 0) return undefined;
    const hash = hashOf(words, length);
    for (const block of this.#blocks.get(hash) ?? []) if (isEqual(block.words, words, length)) return block.binding;
    const written = words.slice(0, length);
    const binding = this.#append(written);
    const alike = this.#blocks.get(hash);
    if (alike === undefined) this.#blocks.set(hash, [{ words: written, binding }]);
    else alike.push({ words: written, binding });
    return binding;
  }

  #append(block: Uint32Array<ArrayBuffer>): BufferBinding {
    const bytes = Math.ceil(block.byteLength / this.#alignment) * this.#alignment;
    if (this.#buffer === undefined || this.#used + bytes > BUFFER_BYTES) {
      // Launches that are recorded may still bind the buffers of old, so these are left to the garbage collector.
      if (this.#buffers === MOST_BUFFERS) {
        this.#blocks.clear();
        this.#buffers = 0;
      }
      this.#buffers++;
      this.#used = 0;
      this.#buffer = this.#gpu.createBuffer({
        size: BUFFER_BYTES,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      });
    }
    const binding = { buffer: this.#buffer, offset: this.#used, size: block.byteLength };
    this.#gpu.queue.writeBuffer(this.#buffer, binding.offset, block);
    this.#used += bytes;
    return binding;
  }
}

/** FNV-1a, a word at a time. */
function hashOf(words: Uint32Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  return hash;
}

function isEqual(known: Uint32Array, words: Uint32Array, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== words[i]) return false;
  return true;
}
