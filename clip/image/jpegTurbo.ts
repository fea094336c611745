import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** TurboJPEG's pixel formats, as far as used (turbojpeg.h, enum TJPF). */
export const PIXEL_FORMAT_RGB = 0;
export const PIXEL_FORMAT_CMYK = 11;

const BYTES_PER_PIXEL: Record<number, number> = { [PIXEL_FORMAT_RGB]: 3, [PIXEL_FORMAT_CMYK]: 4 };

interface TurboExports {
  memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(pointer: number): void;
  tjInitDecompress(): number;
  tjDestroy(handle: number): number;
  tjDecompressHeader3(
    handle: number,
    source: number,
    sourceBytes: number,
    width: number,
    height: number,
    subsampling: number,
    colourSpace: number,
  ): number;
  tjDecompress2(
    handle: number,
    source: number,
    sourceBytes: number,
    target: number,
    width: number,
    pitch: number,
    height: number,
    pixelFormat: number,
    flags: number,
  ): number;
}

/** Instances whose memory grew beyond this are not kept: WebAssembly memory never shrinks. */
const KEPT_MEMORY_BYTES = 64 << 20;

let compiled: WebAssembly.Module | undefined;
let idleInstance: TurboExports | undefined;

function instantiate(): TurboExports {
  if (compiled === undefined) {
    const path = createRequire(import.meta.url).resolve('@cwasm/jpeg-turbo/jpeg-turbo.wasm');
    compiled = new WebAssembly.Module(readFileSync(path));
  }
  const refuse = () => {
    throw new Error('libjpeg-turbo asked for a system call');
  };
  const instance = new WebAssembly.Instance(compiled, {
    // libjpeg reports an error by longjmp. WebAssembly cannot jump back, so the exception leaves the instance
    // altogether.
    env: {
      setjmp: () => 0,
      longjmp: () => {
        throw new Error('libjpeg-turbo cannot decode it');
      },
    },
    wasi_snapshot_preview1: {
      environ_sizes_get: () => 0,
      environ_get: refuse,
      proc_exit: refuse,
      fd_close: refuse,
      fd_seek: refuse,
      fd_write: refuse,
    },
  });
  return instance.exports as unknown as TurboExports;
}

/** Whether the WebAssembly build of libjpeg-turbo can be used here (not so under `node --jitless`). */
export function isJpegTurboAvailable(): boolean {
  try {
    idleInstance ??= instantiate();
    return true;
  } catch {
    return false;
  }
}

/**
 * Decodes a JPEG file with libjpeg-turbo 2 (the WebAssembly file of the package `@cwasm/jpeg-turbo`), with the same
 * settings as OpenCV and Pillow: accurate integer inverse DCT, smooth chroma upsampling.
 *
 * We instantiate the file ourselves rather than through the package's `decode`: that one gives RGBA only, refuses CMYK,
 * takes a mere warning for a failure, and goes on using an instance whose stack an error has left in disorder.
 *
 * @param width, height the size the header states
 * @param pixelFormat `PIXEL_FORMAT_RGB` (3 bytes a pixel) or `PIXEL_FORMAT_CMYK` (4 bytes, for CMYK and YCCK files
 *   only)
 * @returns the samples, uint8 `[height, width, 3 or 4]`, and whether libjpeg warned of damaged data it patched over
 * @throws Error if libjpeg gives up or memory runs out
 */
export function decodeWithJpegTurbo(
  bytes: Uint8Array,
  width: number,
  height: number,
  pixelFormat: number,
): { data: Uint8Array; warned: boolean } {
  const turbo = idleInstance ?? instantiate();
  // Put back only after a clean run, so that whatever went wrong below is never seen by the next picture.
  idleInstance = undefined;

  const pitch = width * BYTES_PER_PIXEL[pixelFormat];
  const handle = turbo.tjInitDecompress();
  const source = turbo.malloc(bytes.length);
  const target = turbo.malloc(pitch * height);
  const header = turbo.malloc(16);
  if (handle === 0 || source === 0 || target === 0 || header === 0)
    throw new Error('not enough memory for the decoder');
  new Uint8Array(turbo.memory.buffer, source, bytes.length).set(bytes);
  // What a damaged file leaves undecoded must not show what was in memory before.
  new Uint8Array(turbo.memory.buffer, target, pitch * height).fill(0);

  // The status is not looked at: this function fails for odd subsamplings that the next one decodes well.
  turbo.tjDecompressHeader3(handle, source, bytes.length, header, header + 4, header + 8, header + 12);
  const size = new Uint32Array(turbo.memory.buffer, header, 2);
  if (size[0] !== width || size[1] !== height) throw new Error(`libjpeg-turbo sees ${size[0]} x ${size[1]} pixels`);

  const status = turbo.tjDecompress2(handle, source, bytes.length, target, width, pitch, height, pixelFormat, 0);
  const decoded = new Uint8Array(turbo.memory.buffer, target, pitch * height);
  // A large instance is never used again, so that its memory need not be copied.
  if (turbo.memory.buffer.byteLength > KEPT_MEMORY_BYTES) return { data: decoded, warned: status !== 0 };

  const data = decoded.slice();
  turbo.free(header);
  turbo.free(target);
  turbo.free(source);
  turbo.tjDestroy(handle);
  idleInstance = turbo;
  return { data, warned: status !== 0 };
}
