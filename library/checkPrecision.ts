import { RfclipError } from '../engine/errors.ts';
import { PRECISIONS } from '../engine/precision.ts';
import type { ModelOptions } from './modelOptions.ts';

/** @throws RfclipError (`RFCLIP-OPTIONS`) for a precision that does not exist, or that the given device has not. */
export function checkPrecision({ precision, device }: Pick<ModelOptions, 'precision' | 'device'>): void {
  if (precision === undefined) return;
  if (!PRECISIONS.includes(precision)) {
    const expected = PRECISIONS.join(', ');
    throw refusal(`the option precision of Model.open is ${String(precision)}, expected one of ${expected}`);
  }
  const found = device?.products.precision;
  if (found !== undefined && precision !== 'auto' && precision !== found)
    throw refusal(`the option precision of Model.open is ${precision}, but its device was opened for ${found}`);
}

function refusal(problem: string): RfclipError {
  return new RfclipError(problem, { code: 'RFCLIP-OPTIONS', where: 'precision' });
}
