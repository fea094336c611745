import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeviceError } from '../../engine/errors.ts';
import { kernelParamsLayout, packKernelParams, parseKernelParams } from '../../engine/kernelParams.ts';

const MIXED = parseKernelParams(
  'mixed',
  'struct Params { scale: f32, row_stride: u32, shift: i32, x_at: u32, y: f32 }',
);

/** The error of packing, which must be a DeviceError about the kernel `mixed`. */
function refusal(values: Record<string, number>): string {
  try {
    packKernelParams(MIXED, values);
  } catch (error) {
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ code: 'RFCLIP-KERNEL-PARAMS', where: 'mixed' });
    return (error as DeviceError).message;
  }
  return 'no error';
}

describe('parseKernelParams', () => {
  it('keeps the order of the members, whatever their types, and turns their names into camelCase', () => {
    expect(MIXED).toEqual({
      kernel: 'mixed',
      bytes: 32,
      params: [
        { name: 'scale', type: 'f32', offset: 0 },
        { name: 'rowStride', type: 'u32', offset: 4 },
        { name: 'shift', type: 'i32', offset: 8 },
        { name: 'xAt', type: 'u32', offset: 12 },
        { name: 'y', type: 'f32', offset: 16 },
      ],
    });
  });

  it('reads over comments, line breaks, other structs and a comma at the end', () => {
    const source = `
      // struct Params { wrong: u32 }
      struct Other { size: f32 }
      /* struct Params { wrong: u32 } */
      struct Params {
        size : u32, // elements, not bytes
        /* of a, b */ factor: f32,
      }
      @group(0) @binding(0) var<uniform> params: Params;`;
    expect(parseKernelParams('k', source).params).toEqual([
      { name: 'size', type: 'u32', offset: 0 },
      { name: 'factor', type: 'f32', offset: 4 },
    ]);
  });

  it('finds no parameters where there is no such struct', () => {
    const layout = parseKernelParams('k', 'struct Parameters { size: u32 }\nfn main() {}');
    expect(layout).toEqual({ kernel: 'k', params: [], bytes: 0 });
    expect(packKernelParams(layout, {})).toBeUndefined();
    expect(() => packKernelParams(layout, { size: 1 })).toThrow(
      'kernel k.wgsl: there is no parameter size, expected none',
    );
  });

  it.each(['x: vec2<u32>', 'x: array<vec4f, 4>', '@align(16) x: u32', 'x: bool', 'x'])('refuses the member %s', (x) => {
    expect(() => parseKernelParams('k', `struct Params { size: u32, ${x}, last: f32 }`)).toThrow(
      `kernel k.wgsl: struct Params has a member "${x}", expected NAME: u32, i32 or f32`,
    );
  });
});

describe('packKernelParams', () => {
  it('writes every value where the kernel reads it, in whatever order they are given', () => {
    const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(
        fc.float({ noNaN: true }),
        u32,
        i32,
        u32,
        fc.float({ noNaN: true }),
        (scale, rowStride, shift, xAt, y) => {
          const block = packKernelParams(MIXED, { y, xAt, shift, rowStride, scale })!;
          expect(block.byteLength).toBe(32);
          expect([...new Float32Array(block, 0, 1), ...new Float32Array(block, 16, 1)]).toEqual([scale, y]);
          expect([...new Uint32Array(block, 4, 1), ...new Uint32Array(block, 12, 1)]).toEqual([rowStride, xAt]);
          expect([...new Int32Array(block, 8, 1)]).toEqual([shift]);
          expect([...new Uint8Array(block, 20)]).toEqual(Array(12).fill(0));
        },
      ),
    );
  });

  it.each([1, 4, 5, 16, 17])('makes blocks of a multiple of 16 bytes: %d members', (count) => {
    const names = Array.from({ length: count }, (_, i) => `p${i}`);
    const layout = parseKernelParams('k', `struct Params { ${names.map((name) => `${name}: u32`).join(', ')} }`);
    const block = packKernelParams(layout, Object.fromEntries(names.map((name, i) => [name, i])))!;
    expect(block.byteLength).toBe(Math.ceil(count / 4) * 16);
    expect([...new Uint32Array(block, 0, count)]).toEqual(names.map((_, i) => i));
  });

  const good = { scale: 1, rowStride: 2, shift: -3, xAt: 4, y: 5 };

  it('refuses what is missing, naming what was given', () => {
    const { xAt, ...rest } = good;
    expect(refusal({ ...rest, x_at: xAt })).toBe(
      'kernel mixed.wgsl: parameter xAt is missing from { scale, rowStride, shift, y, x_at }, expected u32, a whole ' +
        'number from 0 to 2^32 - 1',
    );
  });

  it('refuses what is too much, naming what the kernel has', () => {
    expect(refusal({ ...good, z: 1 })).toBe(
      'kernel mixed.wgsl: there is no parameter z, expected scale, rowStride, shift, xAt, y',
    );
  });

  it.each([1.5, -1, 2 ** 32, Number.NaN, Infinity, '4', true, undefined, null, [4]])('refuses %s as a u32', (value) => {
    expect(refusal({ ...good, xAt: value as number })).toBe(
      `kernel mixed.wgsl: parameter xAt is ${String(value)}, expected u32, a whole number from 0 to 2^32 - 1`,
    );
  });

  it.each([0.5, -(2 ** 31) - 1, 2 ** 31, Number.NaN, '4'])('refuses %s as an i32', (value) => {
    expect(refusal({ ...good, shift: value as number })).toBe(
      `kernel mixed.wgsl: parameter shift is ${value}, expected i32, a whole number from -2^31 to 2^31 - 1`,
    );
  });

  it.each([Number.NaN, '0.5', false, undefined])('refuses %s as an f32', (value) => {
    expect(refusal({ ...good, y: value as number })).toBe(
      `kernel mixed.wgsl: parameter y is ${String(value)}, expected f32, a number`,
    );
  });
});

describe('kernelParamsLayout', () => {
  const kernels = readdirSync(new URL('../../kernels/', import.meta.url)).flatMap((file) =>
    file.endsWith('.wgsl') ? [file.slice(0, -'.wgsl'.length)] : [],
  );

  it.each(kernels)('reads the parameters of %s, all with names of their own', (kernel) => {
    const layout = kernelParamsLayout(kernel)!;
    expect(layout.params.length).toBeGreaterThan(0);
    expect(new Set(layout.params.map((param) => param.name)).size).toBe(layout.params.length);
    expect(kernelParamsLayout(kernel)).toBe(layout);
  });

  it('leaves a kernel that does not exist to its pipeline', () => {
    expect(kernelParamsLayout('no_such_kernel')).toBeUndefined();
  });
});
