import { cpSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../../clip/checkpoint/checkpointFile.ts';
import { chooseActivation } from '../../../clip/checkpoint/activation.ts';
import { openCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../../../clip/config.ts';
import { encodeSafetensors, floats, joinSafetensors } from '../../support/safetensorsWriter.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/reference/clip/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rfclip-open-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let folders = 0;
/** A new folder with files of these contents. */
function folderWith(files: Record<string, string | Uint8Array>): string {
  const path = join(folder, `${folders++}`);
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

function message(path: string): string {
  try {
    openCheckpoint(path).close();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).message).not.toContain('\n');
    return (error as CheckpointError).message;
  }
  throw new Error(`${path} was opened`);
}

describe('formats that are refused are called by their name', () => {
  test.each([
    ['', 'is empty'],
    ['\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', 'a legacy PyTorch file from before version 1.6'],
    ['\x80\x04}.', 'a bare Python pickle'],
    ['PK\x05\x06' + '\0'.repeat(18), 'an empty zip archive'],
    ['\x1f\x8b\x08', 'gzip data'],
    ['GGUF\x03', 'a GGUF file'],
    ['\x89HDF\r\n', 'an HDF5 file'],
    ['version https://git-lfs.github.com/spec/v1\n', 'a Git LFS pointer'],
    ['<!DOCTYPE html><html>', 'a web page or XML'],
    [`${'\0'.repeat(257)}ustar  `, 'a tar archive'],
    ['weights', 'of no known format'],
  ])('%j', (text, what) => {
    const path = join(folderWith({ 'model.safetensors': Buffer.from(text, 'latin1') }), 'model.safetensors');
    expect(message(path)).toContain(what);
  });

  test('paths that are no files', () => {
    expect(message(join(folder, 'none.pt'))).toMatch(/none.pt does not exist$/);
    expect(message(join(fixtures, 'manifest.json', 'x'))).toContain('cannot be opened (ENOTDIR)');
    expect(message('\0')).toContain('cannot be opened');
    expect(message('/dev/null')).toContain('is not a file');
    expect(message(folderWith({ 'notes.txt': '' }))).toContain('is a folder with none of model.safetensors.index.json');
  });
});

test('the name of a file does not matter', () => {
  const path = folderWith({});
  cpSync(join(fixtures, 'small_torchscript.pt'), join(path, 'weights.safetensors'));
  cpSync(join(fixtures, 'small_openai_f16.safetensors'), join(path, 'weights.pt'));
  expect(openCheckpoint(join(path, 'weights.safetensors')).format).toBe('TorchScript archive');
  expect(openCheckpoint(join(path, 'weights.pt')).format).toBe('safetensors');
});

describe('shards', () => {
  const one = encodeSafetensors({ a: floats([2, 2], Float32Array.of(1, 2, 3, 4)) });
  const two = encodeSafetensors({ b: floats([1], Float32Array.of(5)), unused: floats([1], Float32Array.of(6)) });
  const index = (map: unknown) => JSON.stringify({ metadata: { total_size: 20 }, weight_map: map });

  test('are opened through their index or its folder', () => {
    const path = folderWith({
      'model.safetensors.index.json': index({ a: 'one.safetensors', b: 'two.safetensors' }),
      'one.safetensors': one,
      'two.safetensors': two,
    });
    for (const given of [path, join(path, 'model.safetensors.index.json')]) {
      const file = openCheckpoint(given);
      expect(file.format).toBe('sharded safetensors');
      expect([...file.tensors.keys()]).toEqual(['a', 'b']);
      expect(file.read('b')).toEqual(Float32Array.of(5));
      expect(file.readRows('a', [1])).toEqual(Float32Array.of(3, 4));
      expect(file.sha256()).toMatch(/^[0-9a-f]{64}$/);
      expect(() => file.read('unused')).toThrow('has no tensor unused');
      file.close();
      expect(() => file.read('a')).toThrow('was closed');
    }
  });

  test.each([
    ['not JSON', '{', 'it is not JSON'],
    ['without a map', '{}', 'it has no weight_map'],
    ['with an empty map', index({}), 'its weight_map is empty'],
    [
      'that leaves its folder',
      index({ a: '../one.safetensors' }),
      'tensor a is placed in "../one.safetensors", expected the name of a file in the same folder',
    ],
    ['with an absolute path', index({ a: '/etc/passwd' }), 'expected the name of a file in the same folder'],
    ['with a number', index({ a: 5 }), 'something that is no text'],
    ['of a file that is missing', index({ a: 'three.safetensors' }), 'three.safetensors does not exist'],
    [
      'of a tensor that is elsewhere',
      index({ a: 'two.safetensors' }),
      'places tensor a in two.safetensors, which does not have it',
    ],
    ['of itself', index({ a: 'model.safetensors.index.json' }), 'is an index of shards, expected a shard'],
    [
      'of too many files',
      index(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`t${i}`, `${i}`]))),
      'names 300 files, at most 256 are opened',
    ],
  ])('an index %s', (_, text, sentence) => {
    expect(
      message(folderWith({ 'model.safetensors.index.json': text, 'one.safetensors': one, 'two.safetensors': two })),
    ).toContain(sentence);
  });
});

describe('a configuration beside the file', () => {
  const sizes = {
    vision: { hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 2 },
    text: { hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4 },
  };
  const huggingFace = (activation: unknown, vision = {}) =>
    JSON.stringify({
      vision_config: { ...sizes.vision, hidden_act: activation, ...vision },
      text_config: { ...sizes.text, hidden_act: activation },
    });
  const openWith = (files: Record<string, string>) => {
    const path = folderWith(files);
    cpSync(join(fixtures, 'small_openai_f16.safetensors'), join(path, 'model.safetensors'));
    return path;
  };

  test("Hugging Face's says activation and heads", () => {
    const path = openWith({ 'config.json': huggingFace('gelu') });
    const file = openCheckpoint(path);
    expect(chooseActivation(file)).toEqual({ activation: 'gelu', reason: `${join(path, 'config.json')} says so` });
    expect(inferConfig(file)).toMatchObject({ activation: 'gelu', vision: { heads: 2 }, text: { heads: 4 } });
    expect(inferConfig(file, { activation: 'quickGelu', visionHeads: 1 })).toMatchObject({
      activation: 'quickGelu',
      vision: { heads: 1 },
      text: { heads: 4 },
    });
  });

  test.each<[string, (text: string) => Buffer]>([
    ['UTF-8 with a byte order mark', (text) => Buffer.from(`\uFEFF${text}`)],
    ['UTF-16', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 in the other order', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
    ['lines that end as on Windows', (text) => Buffer.from(text.replaceAll(',', ',\r\n'))],
  ])('may be %s', (_, encode) => {
    const path = openWith({ 'config.json': '' });
    writeFileSync(join(path, 'config.json'), encode(huggingFace('gelu')));
    expect(inferConfig(openCheckpoint(path))).toMatchObject({ activation: 'gelu', vision: { heads: 2 } });
  });

  test('one of other bytes is named with the first of them', () => {
    const path = openWith({ 'config.json': '' });
    writeFileSync(
      join(path, 'config.json'),
      Buffer.concat([Buffer.from('{\n"'), Buffer.of(0xff), Buffer.from('": 1}')]),
    );
    expect(message(path)).toMatch(
      /^the model configuration .*config\.json .*line 2 has the byte 0xff, number 4 of the file/,
    );
  });

  test("open_clip's comes first", () => {
    const model = {
      embed_dim: 32,
      vision_cfg: { width: 64, layers: 2, head_width: 16, patch_size: 8 },
      text_cfg: { width: 64, layers: 2, heads: 2 },
    };
    const config = (quick?: boolean) =>
      inferConfig(
        openCheckpoint(
          openWith({
            'config.json': huggingFace('gelu'),
            'open_clip_config.json': JSON.stringify({ model_cfg: { ...model, quick_gelu: quick } }),
          }),
        ),
      );
    expect(config(true)).toMatchObject({ activation: 'quickGelu', vision: { heads: 4 }, text: { heads: 2 } });
    expect(config()).toMatchObject({ activation: 'gelu' });
  });

  test('one of another model is passed over', () => {
    for (const text of [
      huggingFace('gelu', { hidden_size: 128 }),
      huggingFace('gelu', { num_hidden_layers: 1 }),
      huggingFace('gelu', { num_hidden_layers: 3 }),
      '{"model_type": "bert"}',
      '[]',
      '3',
    ]) {
      expect(openCheckpoint(openWith({ 'config.json': text })).modelConfig, text).toBeUndefined();
    }
  });

  test('one whose heads are wider than the tower leaves them open', () => {
    const vision_cfg = { width: 64, layers: 2, head_width: 80 };
    const text_cfg = { width: 64, layers: 2, heads: 2 };
    const file = openCheckpoint(openWith({ 'open_clip_config.json': JSON.stringify({ vision_cfg, text_cfg }) }));
    expect(inferConfig(file)).toMatchObject({ vision: { heads: 1 }, text: { heads: 2 } });
  });

  test('that of another kind of network does not hide what the file is', () => {
    const path = folderWith({
      'config.json': huggingFace('gelu_pytorch_tanh'),
      'model.safetensors': encodeSafetensors({
        'vision_model.embeddings.patch_embedding.weight': floats([1], new Float32Array(1)),
        'vision_model.head.probe': floats([1], new Float32Array(1)),
      }),
    });
    expect(() => inferConfig(openCheckpoint(path))).toThrow('is a SigLIP, whose towers are built otherwise, expected');
  });

  test.each([
    ['{', 'cannot be read as JSON'],
    [huggingFace('gelu_new'), 'has activation gelu_new, expected quick_gelu or gelu'],
    [huggingFace(5), 'has activation of no name'],
    [huggingFace('gelu', { hidden_act: 'quick_gelu' }), 'has different activations for images and texts'],
    [huggingFace('gelu', { num_attention_heads: 2.5 }), 'has a size that is no positive whole number'],
    [' '.repeat(1_100_000), 'has 1100000 bytes, expected at most 1048576'],
  ])('%#: one that cannot be used is named', (text, sentence) => {
    expect(message(openWith({ 'config.json': text }))).toContain(sentence);
  });
});

test('a sparse file of absurd size is refused before memory is taken', () => {
  const path = join(folder, 'sparse.safetensors');
  const shape = [2 ** 20, 2 ** 12];
  writeFileSync(
    path,
    joinSafetensors({ w: { dtype: 'F32', shape, data_offsets: [0, 4 * shape[0] * shape[1]] } }, new Uint8Array(0)),
  );
  truncateSync(path, 2 ** 34 + 4096);
  // The header's length is not known here, so the file is a little longer than it says.
  const file = openCheckpoint(path);
  expect(() => file.read('w')).toThrow('tensor w has 4294967296 values, at most 536870912 are read at once');
  expect(file.readRows('w', [2 ** 20 - 1])).toEqual(new Float32Array(2 ** 12));
  file.close();
});
