import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KernelParamsLayout } from '../../engine/kernelParams.ts';
import { packKernelParams, parseKernelParams } from '../../engine/kernelParams.ts';
import { ParameterBlocks } from '../../engine/parameterBlocks.ts';
import { useDevice } from '../support/device.ts';

// WebGPU's constants come with Dawn.
useDevice();

const SHORT = parseKernelParams('short', 'struct Params { a: u32, b: u32 }');
const LONG = parseKernelParams('long', 'struct Params { a: u32, b: u32, c: i32, d: f32, e: u32 }');

/** A buffer that is memory here. */
interface FakeBuffer {
  number: number;
  bytes: Uint8Array;
}

/** A device with such buffers. */
function fakeGpu() {
  const writes = { count: 0 };
  let buffers = 0;
  const gpu = {
    createBuffer: ({ size }: { size: number }): FakeBuffer => ({ number: ++buffers, bytes: new Uint8Array(size) }),
    queue: {
      writeBuffer: (buffer: FakeBuffer, offset: number, data: Uint32Array) => {
        writes.count++;
        buffer.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
      },
    },
  };
  return { blocks: new ParameterBlocks(gpu as unknown as GPUDevice, 32), writes };
}

function placed(blocks: ParameterBlocks, layout: KernelParamsLayout, params: Record<string, number>) {
  const { buffer, offset, size } = blocks.place(layout, params)!;
  const { number, bytes } = buffer as unknown as FakeBuffer;
  return { at: `${number}+${offset}`, bytes: bytes.slice(offset, offset + size) };
}

describe('ParameterBlocks', () => {
  it('holds what packKernelParams packs, each block once, whatever kernel asks', () => {
    const whole = fc.nat(3);
    const asked = fc.oneof(
      fc.record({ a: whole, b: whole }).map((params) => ({ layout: SHORT, params })),
      fc
        .record({ a: whole, b: whole, c: fc.integer({ min: -2, max: 2 }), d: fc.constantFrom(0, -0, 0.1), e: whole })
        .map((params) => ({ layout: LONG, params })),
    );
    fc.assert(
      fc.property(fc.array(asked, { minLength: 1, maxLength: 30 }), (requests) => {
        const { blocks, writes } = fakeGpu();
        const known = new Map<string, string>();
        for (const { layout, params } of requests) {
          const { at, bytes } = placed(blocks, layout, params);
          expect(bytes).toEqual(new Uint8Array(packKernelParams(layout, params)!));
          const key = bytes.join();
          expect(known.get(key) ?? at).toBe(at);
          known.set(key, at);
        }
        expect(blocks.blocks).toBe(known.size);
        expect(writes.count).toBe(known.size);
      }),
    );
  });

  it('keeps apart blocks with the same hash', () => {
    const { blocks } = fakeGpu();
    const first = (a: number) => Math.imul(0x811c9dc5 ^ a, 0x01000193);
    const b = (first(1) ^ first(2)) >>> 0;
    const [one, two] = [placed(blocks, SHORT, { a: 1, b: 0 }), placed(blocks, SHORT, { a: 2, b })];
    expect(two.at).not.toBe(one.at);
    expect(placed(blocks, SHORT, { a: 1, b: 0 }).at).toBe(one.at);
    expect(blocks.blocks).toBe(2);
  });

  it('forgets all blocks before there are too many buffers, and goes on', () => {
    const { blocks } = fakeGpu();
    for (let a = 0; a < 40_000; a++) blocks.place(SHORT, { a, b: 0 });
    expect(blocks.blocks).toBeLessThanOrEqual((16 * 64 * 1024) / 32);
    expect(placed(blocks, SHORT, { a: 7, b: 9 }).bytes.subarray(0, 8)).toEqual(Uint8Array.of(7, 0, 0, 0, 9, 0, 0, 0));
  });

  it('refuses what packKernelParams refuses', () => {
    const { blocks } = fakeGpu();
    expect(() => blocks.place(SHORT, { a: 1 })).toThrow('parameter b is missing');
  });
});
