import { describe, expect, it } from 'vitest';
import { FIRST_GLYPH, GLYPH_HEIGHT, GLYPHS } from '../../pictures/bitmapFont.ts';
import { blendLabels } from '../../pictures/blendLabels.ts';
import { newCanvas } from '../../pictures/canvas.ts';
import { drawText, shorten, shortenApart, toAscii } from '../../pictures/drawText.ts';
import { drawLegend, formatShare, legendEntries, smallestLegendWidth } from '../../pictures/legend.ts';
import { renderOverlay } from '../../pictures/overlay.ts';
import { vocPalette } from '../../pictures/palette.ts';
import { ShapeError } from '../../engine/errors.ts';

/** The picture as text: `#` where a pixel is white, a dot elsewhere. */
function asText({ width, height, data }: { width: number; height: number; data: Uint8Array }): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (data[(y * width + x) * 3] === 255 ? '#' : '.')).join(''),
  );
}

describe('text', () => {
  it('covers printable ASCII, every visible character with a shape of its own', () => {
    expect(GLYPHS.length).toBe(127 - FIRST_GLYPH);
    expect(GLYPHS.every((glyph) => glyph.length === 2 * GLYPH_HEIGHT)).toBe(true);
    expect(new Set(GLYPHS).size).toBe(GLYPHS.length);
  });

  it('draws upright letters at any scale and clips at the border', () => {
    const canvas = newCanvas(14, 13, [0, 0, 0]);
    drawText(canvas, 'LT', 0, 0, 1, [255, 255, 255]);
    expect(asText(canvas).slice(2, 11)).toEqual([
      '#.......#####.',
      '#.........#...',
      '#.........#...',
      '#.........#...',
      '#.........#...',
      '#.........#...',
      '#.........#...',
      '#.........#...',
      '######....#...',
    ]);
    const doubled = newCanvas(28, 26, [0, 0, 0]);
    drawText(doubled, 'LT', 0, 0, 2, [255, 255, 255]);
    expect(
      asText(doubled)
        .filter((_, y) => y % 2 === 0)
        .map((line) => [...line].filter((_, x) => x % 2 === 0).join('')),
    ).toEqual(asText(canvas));
    expect(() => drawText(canvas, 'clipped', 9, 8, 3, [255, 255, 255])).not.toThrow();
    expect(() => drawText(canvas, 'clipped', -5, -4, 1, [255, 255, 255])).not.toThrow();
  });

  it('folds to ASCII', () => {
    expect(toAscii('Café crème – Straße, ﬁsh…')).toBe('Cafe creme - Strasse, fish...');
    expect(toAscii('日本\tsofa\n😀')).toBe('?? sofa ?');
    expect(toAscii('Åland Øl Łódź １２')).toBe('Aland Ol Lodz 12');
  });

  it('shortens', () => {
    expect(shorten('traffic light', 13)).toBe('traffic light');
    expect(shorten('traffic light', 12)).toBe('traffic l...');
    expect(shorten('traffic light', 11)).toBe('traffic...');
    expect(shorten('traffic light', 2)).toBe('tr');
    expect(shortenApart(['traffic light, red', 'traffic light, green', 'train', 'tra'], 14)).toEqual([
      'traffi..., red',
      'traffi...green',
      'train',
      'tra',
    ]);
    expect(shortenApart(['a long name', 'a long name', 'another name'], 8)).toEqual([
      'a lon...',
      'a lon...',
      'anoth...',
    ]);
    expect(shortenApart(['abcd', 'abce'], 2)).toEqual(['ab', 'ab']);
  });
});

describe('blendLabels', () => {
  it('mixes, and darkens the pixels before a boundary', () => {
    const image = { width: 3, height: 2, data: new Uint8Array(18).fill(100) };
    const labels = { width: 3, height: 2, data: Uint8Array.of(0, 0, 1, 0, 0, 1) };
    const palette = Uint8Array.of(200, 0, 100, 0, 0, 0);
    const { data } = blendLabels(image, labels, palette, 0.5);
    expect([...data.subarray(0, 9)]).toEqual([150, 50, 100, 60, 20, 40, 50, 50, 50]);
    expect(() => blendLabels(image, { ...labels, width: 2 }, palette, 0.5)).toThrow(ShapeError);
  });
});

describe('legend', () => {
  const palette = vocPalette(256);

  it('lists the classes present by their share', () => {
    const labels = { width: 5, height: 2, data: Uint8Array.of(2, 2, 2, 1, 1, 0, 7, 2, 2, 1) };
    const entries = legendEntries(labels, palette, ['sky', 'road', 'tree']);
    expect(entries.map(({ name, share }) => [name, share])).toEqual([
      ['tree', 0.5],
      ['road', 0.3],
      ['sky', 0.1],
      ['class 7', 0.1],
    ]);
    expect(entries[0].colour).toEqual([0, 128, 0]);
  });

  it('calls names that it cannot draw by their index', () => {
    const labels = { width: 5, height: 1, data: Uint8Array.of(0, 1, 2, 3, 4) };
    const entries = legendEntries(labels, palette, ['луна', '土', '日本 sofa', 'what?', 'naïve ☀']);
    expect(entries.map(({ name }) => name)).toEqual(['class 0', 'class 1', '日本 sofa', 'what?', 'naïve ☀']);
  });

  it('cuts no name that fits', () => {
    const drawn = (end: string) =>
      drawLegend([{ name: `${'a long name '.repeat(4)}${end}`, share: 1, colour: [1, 2, 3] }], 640, 1);
    expect(drawn('x').data).not.toEqual(drawn('y').data);
    const narrow = smallestLegendWidth(1);
    const cut = drawLegend([{ name: 'a long name '.repeat(4), share: 1, colour: [1, 2, 3] }], narrow, 1);
    expect([cut.width, cut.height]).toEqual([narrow, drawn('x').height]);
  });

  it('formats shares without lying about all or nothing', () => {
    expect([0, 0.0001, 0.0005, 0.1234, 0.9994, 0.99999, 1].map(formatShare)).toEqual([
      '0.0%',
      '<0.1%',
      '0.1%',
      '12.3%',
      '99.9%',
      '>99.9%',
      '100.0%',
    ]);
  });

  it('sums up what is beyond 48 entries', () => {
    const entries = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: 'wall, brick', share: 1 / count, colour: [i, i, i] as const }));
    expect(drawLegend(entries(150), 300, 1).height).toBe(drawLegend(entries(48), 300, 1).height);
  });

  it('fits every width from the smallest on, for any names', () => {
    for (const scale of [1, 2, 3]) {
      for (const extra of [0, 1, 50, 333, 1000]) {
        for (const length of [0, 1, 18, 19, 60]) {
          const width = smallestLegendWidth(scale) + extra;
          const entries = Array.from({ length: 9 }, () => ({
            name: 'M'.repeat(length),
            share: 1 / 9,
            colour: [255, 0, 0] as const,
          }));
          const { data, height } = drawLegend(entries, width, scale);
          // The outermost columns stay background: nothing touches the border.
          for (let y = 0; y < height; y++) {
            expect([data[y * width * 3], data[(y * width + width - 1) * 3]]).toEqual([24, 24]);
          }
        }
      }
    }
  });
});

describe('renderOverlay', () => {
  const picture = (width: number, height: number) => ({
    width,
    height,
    data: new Uint8Array(width * height * 3).fill(90),
  });
  const labels = (width: number, height: number) => ({
    width,
    height,
    data: Uint8Array.from({ length: width * height }, (_, i) => (i % width < width / 2 ? 1 : 255)),
  });

  it.each([
    [1, 1],
    [64, 48],
    [500, 375],
    [2048, 20],
  ])('%i x %i pixels', (width, height) => {
    const overlay = renderOverlay(picture(width, height), labels(width, height), vocPalette(21), ['background', 'cat']);
    expect(overlay.width).toBeGreaterThanOrEqual(width);
    expect(overlay.height).toBeGreaterThan(height);
    expect(overlay.data.length).toBe(overlay.width * overlay.height * 3);
  });

  it('without a legend has the size of the picture', () => {
    const overlay = renderOverlay(picture(10, 8), labels(10, 8), vocPalette(2), [], { legend: false, opacity: 1 });
    expect([overlay.width, overlay.height]).toEqual([10, 8]);
    expect([...overlay.data.subarray(0, 3)]).toEqual([128, 0, 0]);
    expect([...overlay.data.subarray(9 * 3, 10 * 3)]).toEqual([224, 224, 192]);
  });
});
