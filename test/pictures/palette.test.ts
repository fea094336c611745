import { describe, expect, it } from 'vitest';
import { BENCHMARKS, benchmarkClassList, benchmarkPalette } from '../../datasets/benchmarks/index.ts';
import { dataSetPalette } from '../../datasets/dataSet.ts';
import { classPalette, vocPalette, withoutBlack } from '../../pictures/palette.ts';
import { backgroundClass } from '../../rfclip/backgroundClass.ts';
import { parseClassList } from '../../rfclip/classes.ts';
import { leastDistance } from '../support/colourVision.ts';

const coloursOf = (palette: Uint8Array) =>
  Array.from({ length: palette.length / 3 }, (_, index) => [...palette.subarray(index * 3, index * 3 + 3)]);
const BLACK = [0, 0, 0];
const OKABE_ITO = ['e69f00', '56b4e9', '009e73', 'f0e442', '0072b2', 'd55e00', 'cc79a7'];

describe('the colours of a class list', () => {
  it('begin with those of Okabe and Ito, without black', () => {
    const hex = coloursOf(classPalette(7)).map((colour) => Buffer.from(colour).toString('hex'));
    expect(hex).toEqual(OKABE_ITO);
  });

  // The just noticed difference is 2.3; of the first eight VOC colours, two are 3.9 apart, of the first twelve, 1.0.
  it.each([
    [7, 16],
    [12, 16],
    [20, 15.9],
    [24, 13.9],
    [52, 8.5],
    [64, 7.3],
  ])('%i stay %f apart in CIELAB, also for colour-blind readers, and from black', (count, bound) => {
    expect(leastDistance([BLACK, ...coloursOf(classPalette(count))])).toBeGreaterThanOrEqual(bound);
  });

  it.each([
    [24, 20],
    [52, 18],
    [64, 15],
  ])('%i stay %f apart for normal sight', (count, bound) => {
    expect(leastDistance([BLACK, ...coloursOf(classPalette(count))], ['normal'])).toBeGreaterThanOrEqual(bound);
  });

  it('and in the mixture of an overlay they are still told apart', () => {
    for (const grey of [40, 128, 220]) {
      const seen = coloursOf(classPalette(12)).map((colour) => colour.map((level) => 0.45 * grey + 0.55 * level));
      expect(leastDistance(seen)).toBeGreaterThanOrEqual(7);
    }
  });

  it('are never black, nor nearly, and never twice, however many', () => {
    const colours = coloursOf(classPalette(65535));
    expect(new Set(colours.map(String)).size).toBe(65535);
    expect(Math.min(...colours.map((colour) => Math.max(...colour)))).toBeGreaterThanOrEqual(56);
  });

  it('keep their order beside a background, which alone is black', () => {
    const plain = coloursOf(classPalette(9));
    expect(coloursOf(classPalette(10, 0))).toEqual([BLACK, ...plain]);
    expect(coloursOf(classPalette(10, 4))).toEqual([...plain.slice(0, 4), BLACK, ...plain.slice(4)]);
    expect(coloursOf(classPalette(9, 9))).toEqual(plain);
  });
});

describe('the background', () => {
  it.each([
    ['cat, dog', undefined],
    ['background, cat', 0],
    ['cat, Background', 1],
    ['cat, wall; background', 1],
    ['cat, _background_', 1],
    ['red background, cat', undefined],
  ])('of "%s" is class %s', (text, index) => {
    expect(backgroundClass(parseClassList(text))).toBe(index);
  });
});

describe('the colours of a benchmark', () => {
  it.each(BENCHMARKS.map((benchmark) => [benchmark.name, benchmark] as const))(
    '%s: the published ones, but black for the background only',
    (_, benchmark) => {
      const classes = benchmarkClassList(benchmark);
      const published = coloursOf(benchmarkPalette(benchmark));
      const shown = coloursOf(dataSetPalette({ classes, palette: benchmarkPalette(benchmark) }));
      const background = classes.classes.findIndex(({ name }) => name === 'background');
      shown.forEach((colour, index) => {
        const isBlack = String(published[index]) === String(BLACK);
        if (!isBlack || index === background) expect(colour).toEqual(published[index]);
        else expect(Math.max(...colour)).toBeGreaterThan(0);
      });
    },
  );

  it('are not changed in place', () => {
    const palette = vocPalette(3);
    expect(coloursOf(withoutBlack(palette))[0]).not.toEqual(BLACK);
    expect(coloursOf(withoutBlack(palette, 0))).toEqual(coloursOf(palette));
    expect(coloursOf(palette)[0]).toEqual(BLACK);
  });

  it('and where none were published, those of the class list', () => {
    const classes = parseClassList('sky, grass, background');
    expect(dataSetPalette({ classes })).toEqual(classPalette(3, 2));
  });
});
