import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { chooseActivation } from '../../../clip/checkpoint/activation.ts';
import type { CheckpointFile } from '../../../clip/checkpoint/checkpointFile.ts';
import { openCheckpoint, openRawCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../../../clip/config.ts';
import { compareSums, readSums, type TensorSums } from '../../../conformance/cases/clipCases.ts';
import { expectAgreement, openCase, recordings } from '../../support/reference.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/reference/clip/', import.meta.url));
const sums = readSums(recordings, 'small_tensor_sums.json');
const integers = ['input_resolution', 'context_length', 'vocab_size'];

/** The sums of all values and of their squares, more exactly than a manifest asks for. */
function expectSums(file: CheckpointFile, expected: TensorSums): void {
  const checks = openCase('clip/formats/small/small_state_dict.pt tensors');
  compareSums(checks, file, expected);
  const tightened = [...file.tensors.keys()].flatMap((name) => [
    [`sum of ${name}`, 5e-10],
    [`sum of squares of ${name}`, 1e-12 * expected[name].sum_sq],
  ]);
  expectAgreement(checks, Object.fromEntries(tightened));
}

describe.each([
  ['small_state_dict.pt', 'PyTorch state dict', 'OpenAI', "it has the entries of OpenAI's releases"],
  ['small_torchscript.pt', 'TorchScript archive', 'OpenAI', 'its modules are of class QuickGELU'],
  ['small_openai_f16.safetensors', 'safetensors', 'OpenAI', "OpenAI's; nothing in or beside the file says otherwise"],
  ['small_hf.safetensors', 'safetensors', 'Hugging Face', `${join(fixtures, 'small_hf_config.json')} says so`],
])('%s, as another program wrote it', (name, format, naming, reason) => {
  const file = openCheckpoint(join(fixtures, name));

  test('is recognised', () => {
    expect(file).toMatchObject({ format, naming });
    const assumed = reason.startsWith("OpenAI's;") ? true : undefined;
    expect(chooseActivation(file)).toEqual({ activation: 'quickGelu', reason, assumed });
    expect(inferConfig(file)).toEqual({
      vision: { width: 64, layers: 2, heads: 1, patch: 8, grid: 4 },
      text: { width: 64, layers: 2, heads: 1, vocabulary: 300, context: 77 },
      embedding: 32,
      activation: 'quickGelu',
    });
  });

  test("has every tensor under OpenAI's names, with the values that PyTorch had", () => {
    const stored = Object.keys(sums).filter((key) => name.endsWith('.pt') || !integers.includes(key));
    expect([...file.tensors.keys()].sort()).toEqual([...stored].sort());
    expectSums(file, sums);
  });

  test('reads rows as the whole tensor has them', () => {
    for (const tensor of [
      'token_embedding.weight',
      'visual.transformer.resblocks.1.attn.in_proj_weight',
      'visual.proj',
      'text_projection',
      'visual.ln_pre.bias',
    ]) {
      const [rows, width = 1] = file.tensors.get(tensor)!.shape;
      const all = file.read(tensor);
      const asked = [rows - 1, 0, 1, 2, 2];
      expect(file.readRows(tensor, asked), tensor).toEqual(
        Float32Array.from(asked.flatMap((row) => [...all.subarray(row * width, (row + 1) * width)])),
      );
    }
    expect(() => file.readRows('token_embedding.weight', [300])).toThrow(
      /row 300 of .*token_embedding.weight, which has 300/,
    );
    expect(() => file.readRows('text_projection', [-1])).toThrow('row -1 of ');
    expect(() => file.readRows('logit_scale', [0])).toThrow('which is a single value');
    expect(() => file.read('visual.nothing')).toThrow('has no tensor visual.nothing');
  });

  test('has the SHA-256 of its bytes, and cannot be read after it was closed', () => {
    const other = openCheckpoint(join(fixtures, name));
    expect(other.sha256()).toMatch(/^[0-9a-f]{64}$/);
    other.close();
    other.close();
    expect(() => other.read('visual.conv1.weight')).toThrow('was closed');
  });
});

test('the stored element types are those that PyTorch had', () => {
  const file = openCheckpoint(join(fixtures, 'small_state_dict.pt'));
  const names = { float16: 'F16', float32: 'F32', int64: 'I64' } as Record<string, string>;
  for (const [name, { dtype }] of Object.entries(sums)) expect(file.tensors.get(name)!.dtype, name).toBe(names[dtype!]);
});

test('without naming, a file keeps its own names, integers included', () => {
  const file = openRawCheckpoint(join(fixtures, 'small_hf.safetensors'));
  const expected = readSums(recordings, 'small_hf_tensor_sums.json');
  expect([...file.tensors.keys()].sort()).toEqual(Object.keys(expected).sort());
  expectSums(file, expected);
});
