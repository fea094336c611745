import { expect, it } from 'vitest';
import { benchAttention } from '../../bench/attention.ts';
import { errorOf } from '../../bench/attentionShapes.ts';
import { operand } from '../../bench/matmulOperands.ts';

const SHAPE = { name: 'two windows', batch: 2, heads: 2, tokens: 37 };

it('bench -- attention times both ways, and finds both right', async () => {
  const lines: string[] = [];
  const { rows } = await benchAttention({ repetitions: 1, precision: 'f32', shapes: [SHAPE] }, (line) =>
    lines.push(line),
  );
  expect(rows.map(({ job, way, right }) => [job, way, right])).toEqual([
    ['values', 'fused', true],
    ['values', 'composed', true],
    ['weights', 'fused', true],
    ['weights', 'composed', true],
  ]);
  // Random values meet no bound exactly: 0 would mean that nothing was compared.
  for (const { error } of rows) expect(error).toBeGreaterThan(0);
  expect(lines.join('\n')).toContain('the engine takes here: ');
  expect(lines.join('\n')).not.toContain('WRONG');
});

it('a wrong result is far beyond the tolerance', () => {
  const { batch, heads, tokens } = SHAPE;
  const qkv = operand(batch * tokens * 3 * heads * 64, 1);
  const addend = operand(batch * heads * tokens * tokens, 2);
  expect(errorOf('values', SHAPE, new Float32Array(batch * tokens * heads * 64), qkv, addend)).toBeGreaterThan(1e5);
  expect(errorOf('weights', SHAPE, addend, qkv, addend)).toBeGreaterThan(1e5);
});
