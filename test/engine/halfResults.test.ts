import fc from 'fast-check';
import { describe, expect, it, type TestContext } from 'vitest';
import {
  columnBlocks,
  denoiseTokens,
  embedTokens,
  flashAttention,
  innerRange,
  layerNorm,
  type Tensor,
} from '../../engine/index.ts';
import { expectClose } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, useDevice } from '../support/device.ts';
import { lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

/** What ops that write a factor of a product in half precision give in either type. */
type InBothTypes = (dtype: 'f32' | 'f16') => readonly Tensor[];

/**
 * The f16 result is the f32 one rounded once, up or down: off by less than 2^-10 of it, or by 2^-14 below f16's normal
 * numbers, which may be flushed to 0.
 */
async function expectRounded(body: () => readonly InBothTypes[]): Promise<void> {
  const { device } = opened;
  const types: string[] = [];
  const values = await evaluateAll(device, () =>
    body().flatMap((op) => {
      const [exact, rounded] = [op('f32'), op('f16')];
      types.push(...rounded.map(({ dtype }) => dtype));
      return exact.flatMap((tensor, i) => [tensor, rounded[i]]);
    }),
  );
  expect(new Set(types)).toEqual(new Set(['f16']));
  for (let i = 0; i < values.length; i += 2) {
    const [expected, actual] = [values[i], values[i + 1]];
    const tolerance = (at: number) => Math.abs(expected[at]) * 2 ** -10 + 2 ** -14;
    expectClose({ actual, expected, tolerance });
    if (expected.length > 20) expect(expected.some((value, at) => value !== actual[at])).toBe(true);
  }
}

function skipWithout({ skip }: Pick<TestContext, 'skip'>): void {
  if (!opened.device.has('shader-f16')) skip('the adapter has no f16');
}

describe('an op that writes a factor of a product in half precision rounds its result once', () => {
  it('attention, for any shape', async (context) => {
    skipWithout(context);
    const cases = fc.tuple(sides(2), sides(3), lengths(90), fc.constantFrom(4, 20, 64), fc.boolean(), seeds);
    await fc.assert(
      fc.asyncProperty(cases, async ([batch, heads, tokens, width, causal, seed]) => {
        const { device } = opened;
        await expectRounded(() => {
          const values = randomFloats(seed, batch * tokens * 3 * heads * width);
          const blocks = columnBlocks(device.tensor(values, [batch, tokens, 3 * heads * width]), 3 * heads);
          const [query, key, value] = [0, heads, 2 * heads].map((first) => innerRange(blocks, first, heads));
          return [
            (dtype) => {
              const out = device.empty([batch, tokens, heads * width], dtype);
              flashAttention(query, key, value, columnBlocks(out, heads), { causal });
              return [out];
            },
          ];
        });
      }),
      { numRuns: 5 },
    );
  });

  it('LayerNorm, alone and in the launches of others, for any shape', async (context) => {
    skipWithout(context);
    const cases = fc.tuple(sides(2), sides(6), sides(6), lengths(90), seeds);
    await fc.assert(
      fc.asyncProperty(cases, async ([batch, gridHeight, gridWidth, width, seed]) => {
        const { device } = opened;
        const patches = gridHeight * gridWidth;
        await expectRounded(() => {
          const random = (shape: number[], i: number) =>
            device.tensor(
              randomFloats(
                seed + i,
                shape.reduce((product, side) => product * side, 1),
                -2,
                3,
              ),
              shape,
            );
          const x = random([batch, 1 + patches, width], 0);
          const [embedded, positions] = [random([batch, patches, width], 1), random([1 + patches, width], 2)];
          const [gamma, beta] = [random([width], 3), random([width], 4)];
          const norm = { gamma, beta, epsilon: 1e-2 };
          const options = { channels: device.tensor([0], [1], 'u32'), limit: 0.1, alpha: 0.4, gridHeight, gridWidth };
          // With 64 threads a row, as on GPUs; each kernel is compiled.
          const onGpu =
            (op: InBothTypes): InBothTypes =>
            (dtype) =>
              asAdapterClass(device, 'discrete', () => op(dtype));
          return [
            onGpu((dtype) => [layerNorm(x, gamma, beta, 1e-2, dtype)]),
            onGpu((dtype) => [embedTokens(embedded, positions, norm, { ...norm, dtype }).normalised]),
            onGpu((dtype) => [denoiseTokens(x, { ...options, skip: 1, norm: { ...norm, dtype } }).normalised!]),
          ];
        });
      }),
      { numRuns: 5 },
    );
  });
});
