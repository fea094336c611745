import { describe, expect, it } from 'vitest';
import { attend, attentionValues, attentionWeights, headsOfPart, type Qkv } from '../../clip/attention.ts';
import type { Device } from '../../engine/index.ts';
import { expectClose, U } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { randomFloats } from '../support/random.ts';

const opened = useDevice();

const [B, T, heads, D] = [2, 70, 3, 8];

function randomQkv(device: Device): Qkv {
  return { tensor: device.tensor(randomFloats(1, B * T * 3 * heads * D), [B, T, 3 * heads * D]), heads };
}

/** Logits up to 8 / sqrt(8), weights of 1 together, values up to 1, 70 terms: see flashAttention.test.ts. */
const TOLERANCE = 400 * U;

describe('attend', () => {
  it.each([false, true])('mixes values by attention weights on every adapter, causal: %s', async (causal) => {
    const results = await evaluateAll(opened.device, () => {
      const qkv = randomQkv(opened.device);
      return KERNEL_CLASSES.flatMap((adapterClass) =>
        asAdapterClass(opened.device, adapterClass, () => [
          attentionValues(attentionWeights(qkv, 'query', 'key', { causal }), qkv),
          attend(qkv, 'query', 'key', { causal }),
        ]),
      );
    });
    for (const actual of results) expectClose({ actual, expected: results[0], tolerance: TOLERANCE });
  });

  it('lets only the first tokens ask', async () => {
    const results = await evaluateAll(opened.device, () => {
      const qkv = randomQkv(opened.device);
      return [
        attend(qkv, 'key', 'key'),
        ...KERNEL_CLASSES.map((adapterClass) =>
          asAdapterClass(opened.device, adapterClass, () => attend(qkv, 'key', 'key', { queries: 2 })),
        ),
      ];
    });
    const [C, all] = [heads * D, Float32Array.from(results[0])];
    const expected = [...all.subarray(0, 2 * C), ...all.subarray(T * C, (T + 2) * C)];
    for (const actual of results.slice(1)) expectClose({ actual, expected, tolerance: TOLERANCE, shape: [B, 2, C] });
  });
});

it('a projection without queries has keys and values, and says what it lacks', () => {
  const { device } = opened;
  const message = shapeError(device, () => {
    const qkv: Qkv = { tensor: device.zeros([1, 5, 2 * heads * D]), heads, parts: ['key', 'value'] };
    expect(headsOfPart(qkv, 'value')).toMatchObject({ offset: heads * D, rows: 5, columns: D, inner: heads });
    headsOfPart(qkv, 'query');
  });
  expect(message).toBe('attention: there is no query, only key and value');
});
