import { InvalidArgumentError } from 'commander';

/** A commander parser of whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !(value >= least && value <= most))
      throw new InvalidArgumentError(
        `expected a whole number from ${least}${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ''}.`,
      );
    return value;
  };
}

/** A commander parser of lists such as `3, 48, 67`. */
export function numberList(text: string): number[] {
  if (!/^\s*\d+(\s*,\s*\d+)*\s*$/.test(text))
    throw new InvalidArgumentError('expected whole numbers separated by commas.');
  return text.split(',').map(Number);
}

/** A commander parser of numbers from 0 to 1. */
export function probability(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('expected a number from 0 to 1.');
  return value;
}

/** A commander parser of lists such as `255:1, 128:0`: class by label value. */
export function labelMap(text: string): Record<string, number> {
  const pairs = text.split(',').map((pair) => /^\s*(\d{1,3})\s*:\s*(\d{1,3})\s*$/.exec(pair));
  if (pairs.some((pair) => pair === null || Number(pair[1]) > 255 || Number(pair[2]) > 255))
    throw new InvalidArgumentError('expected VALUE:CLASS pairs separated by commas, each from 0 to 255, as in 255:1.');
  return Object.fromEntries(pairs.map((pair) => [String(Number(pair![1])), Number(pair![2])]));
}
