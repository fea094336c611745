import { describe, expect, it } from 'vitest';
import { parseDistractionDimensions, publishedDistractionDimensions } from '../../rfclip/distractionDimensions.ts';

describe('publishedDistractionDimensions', () => {
  it('knows ViT-B/16 and ViT-L/14 only', () => {
    expect(publishedDistractionDimensions(768, 12, 16)).toEqual([4, 162, 189, 326, 429, 474, 633, 713]);
    expect(publishedDistractionDimensions(1024, 24, 14)).toEqual([250, 261, 437, 650, 720, 779, 936, 1005]);
    expect(publishedDistractionDimensions(768, 12, 32)).toBeUndefined();
    expect(publishedDistractionDimensions(128, 5, 16)).toBeUndefined();
  });

  it('gives a fresh array every time', () => {
    publishedDistractionDimensions(768, 12, 16)?.pop();
    expect(publishedDistractionDimensions(768, 12, 16)).toHaveLength(8);
  });
});

describe('parseDistractionDimensions', () => {
  it('reads a JSON array of channels', () => {
    expect(parseDistractionDimensions('[67, 3, 48]', 128, 'a.safetensors')).toEqual([3, 48, 67]);
    expect(parseDistractionDimensions('[]', 128, 'a.safetensors')).toEqual([]);
    expect(parseDistractionDimensions(undefined, 128, 'a.safetensors')).toBeUndefined();
  });

  it.each([
    ['3, 48', 'is not valid JSON'],
    ['{"0": 3}', 'is not an array'],
    ['["3"]', 'contains "3"'],
    ['[1.5]', 'contains 1.5'],
    ['[-1]', 'contains -1'],
    ['[128]', 'contains 128'],
    ['[4, 4]', 'contains 4 twice'],
  ])('rejects %j', (text, found) => {
    expect(() => parseDistractionDimensions(text, 128, 'a.safetensors')).toThrow(
      `a.safetensors: the metadata entry distraction_dimensions ${found}, expected a JSON array of different ` +
        `integers from 0 to 127.`,
    );
  });
});
