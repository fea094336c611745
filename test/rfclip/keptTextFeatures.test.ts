import { expect, it } from 'vitest';
import { keepTextFeatures } from '../../rfclip/keptTextFeatures.ts';

it('gives back what it was given, but nothing that is not finite', () => {
  const kept = keepTextFeatures();
  const cat = Float32Array.of(0.6, 0.8);
  kept.put([
    ['cat', cat],
    ['dog', Float32Array.of(NaN, 1)],
  ]);
  expect(kept.get(['dog', 'cat', 'bird'])).toEqual(new Map([['cat', cat]]));
});
