import { expect, it } from 'vitest';
import { fuzzImages, SEEDS } from './fuzzing.ts';

it('damaged files of every format give pixels or an ImageError, in bounded time', async () => {
  expect(new Set([...SEEDS.keys()].map((name) => name.split('.').at(-1)))).toEqual(
    new Set(['png', 'jpg', 'webp', 'bmp', 'gif']),
  );
  const { decoded, refused, slowest } = await fuzzImages(3000, 1);
  expect(decoded).toBeGreaterThan(300);
  expect(refused).toBeGreaterThan(300);
  expect(slowest.milliseconds).toBeLessThan(20_000);
});
