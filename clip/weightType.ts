import type { Device } from '../engine/device.ts';

/**
 * The type of a tensor that only ever is a factor of a product: f16 where the device computes products in it. Rows that
 * are no whole number of 8 elements, of which no large checkpoint has many, stay f32, because kernels load f16 so.
 */
export function weightType({ products }: Device, shape: readonly number[]): 'f32' | 'f16' {
  const rowLength = shape.slice(1).reduce((product, size) => product * size, 1);
  return products.precision === 'f32' || rowLength % 8 !== 0 ? 'f32' : 'f16';
}
