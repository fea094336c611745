import { describe, expect, it } from 'vitest';
import { endOfText } from '../../clip/textEncoder.ts';
import { expectClose } from '../support/compare.ts';
import { evaluate, evaluateAll } from '../support/device.ts';
import { expectRecorded, openCase } from '../support/reference.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const recorded = openCase('clip/text/tiny_a');
const CONTEXT = 77;
const ids = recorded.input('ids').values;
const rows = Array.from({ length: 7 }, (_, p) => Int32Array.from(ids.subarray(p * CONTEXT, (p + 1) * CONTEXT)));
const tiny = useTinyClip();

describe('endOfText', () => {
  it('is where the recorded prompts end', () => {
    expect(rows.map(endOfText)).toEqual(recorded.reference.parameters.eot_index);
  });

  it('is the first of the largest ids, wherever they are', () => {
    expect(endOfText(Int32Array.of(5, 9, 3, 9, 9))).toBe(1);
    expect(endOfText(Int32Array.of(9))).toBe(0);
    expect(endOfText(Int32Array.of(0, 0, 0))).toBe(0);
    expect(endOfText(Int32Array.of(1, 2, 3))).toBe(2);
  });
});

describe('TextEncoder', () => {
  it(
    'equals OpenAI CLIP on prompts that are empty, full, of several scripts, or hold an end token: ' +
      'features, the residual stream of the first, padding included, and its last norm',
    async () => {
      const { computed } = await expectRecorded('clip/text/tiny_a', tiny);
      const stages = ['text_features', 'hidden_first_prompt', 'after_ln_final_first_prompt'];
      expect([...computed.keys()]).toEqual(expect.arrayContaining(stages));
    },
  );

  it('gives a prompt the same feature whatever else is in the batch and however far the context is cut', async () => {
    const { texts, device } = tiny;
    // The full prompt makes the batch run over all 77 tokens, alone each prompt is cut after its end token.
    const together = await evaluate(device, () => texts.encode(rows));
    const reversed = await evaluate(device, () => texts.encode([...rows].reverse()));
    for (let p = 0; p < rows.length; p++) {
      const alone = await evaluate(device, () => texts.encode([rows[p]]));
      // Attention over a longer row adds zeros of masked tokens, possibly grouped differently: a few roundings of
      // values up to 3.
      expectClose({ actual: together.subarray(p * 64, (p + 1) * 64), expected: alone, tolerance: 1e-5 });
      expectClose({
        actual: reversed.subarray((6 - p) * 64, (7 - p) * 64),
        expected: together.subarray(p * 64, (p + 1) * 64),
        tolerance: 1e-5,
      });
    }
  });

  it('does not see tokens after the end token', async () => {
    const { texts, device } = tiny;
    const end = endOfText(rows[0]);
    const changed = rows[0].map((id, t) => (t > end ? rows[1][t % 10] : id));
    const [plain, other] = await evaluateAll(device, () => [texts.encode([rows[0]]), texts.encode([changed])]);
    expectClose({ actual: other, expected: plain, tolerance: 0 });
    expect(endOfText(changed)).toBe(end);
  });
});
