import { nounOf } from '../../system/counted.ts';

/**
 * A share as percent with one decimal; what is there but rounds to nothing is "< 0.1 %". `script.ts` says it in the
 * same way.
 */
export function sharePercent(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %';
  const percent = (100 * part) / whole;
  return percent < 0.05 ? '< 0.1 %' : `${percent.toFixed(1)} %`;
}

/** A whole number with its digits in groups. */
export function grouped(value: number): string {
  return value.toLocaleString('en-GB');
}

/** A count and its noun, with its digits in groups: "1 image", "2,000 images". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(count)} ${nounOf(count, noun, plural)}`;
}

/** Milliseconds in words: "0.8 s", "3 min 20 s", "2 h 5 min". */
export function duration(milliseconds: number): string {
  if (milliseconds < 59950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
