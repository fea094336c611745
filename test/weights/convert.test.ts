import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { checkValues } from '../../weights/checkValues.ts';
import { convertCheckpoint } from '../../weights/convertCheckpoint.ts';
import { describeCheckpoint } from '../../weights/describeCheckpoint.ts';
import { findKnownCheckpoint, KNOWN_CHECKPOINTS } from '../../weights/knownCheckpoints.ts';
import { pulledPath, resolveCheckpoint } from '../../weights/resolveCheckpoint.ts';
import { tensorChunks } from '../../weights/tensorChunks.ts';
import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { readFixture } from '../support/safetensors.ts';
import { encodeSafetensors, floats, writeSafetensors } from '../support/safetensorsWriter.ts';

const fixtures = fileURLToPath(new URL('../fixtures/reference/clip/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rfclip-convert-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = (name: string) => openCheckpoint(join(fixtures, name));

describe('convert', () => {
  test.each(['small_state_dict.pt', 'small_torchscript.pt', 'small_hf.safetensors', 'small_openai_f16.safetensors'])(
    '%s keeps names, types and values',
    (name) => {
      const file = source(name);
      const out = join(folder, 'same.safetensors');
      const weights = [...file.tensors.values()].filter(({ dtype }) => dtype !== 'I64');
      expect(convertCheckpoint(file, out, { metadata: { activation: 'gelu' } }).tensors).toBe(weights.length);
      const converted = openCheckpoint(out);
      expect(converted.metadata).toMatchObject({ format: 'pt', activation: 'gelu' });
      expect([...converted.tensors.keys()]).toEqual(weights.map((tensor) => tensor.name));
      for (const { name: tensor, dtype, shape } of weights) {
        expect(converted.tensors.get(tensor)).toMatchObject({ dtype, shape });
        expect(converted.read(tensor), tensor).toEqual(file.read(tensor));
      }
      // Read by a reader that shares no code with the product.
      const independent = readFixture(out);
      expect(independent.get('visual.proj')!.shape).toEqual([64, 32]);
      expect(readFileSync(out).readBigUInt64LE(0) % 8n).toBe(0n);
    },
  );

  test('--dtype rounds to nearest; both ways, half precision is exact', () => {
    const file = source('small_hf.safetensors');
    convertCheckpoint(file, join(folder, 'f16.safetensors'), { dtype: 'F16' });
    const half = openCheckpoint(join(folder, 'f16.safetensors'));
    convertCheckpoint(half, join(folder, 'f32.safetensors'), { dtype: 'F32' });
    const single = openCheckpoint(join(folder, 'f32.safetensors'));
    for (const name of file.tensors.keys()) {
      expect(half.tensors.get(name)!.dtype).toBe('F16');
      expect(single.tensors.get(name)!.dtype).toBe('F32');
      // The values come from a half-precision checkpoint.
      expect(half.read(name), name).toEqual(file.read(name));
      expect(single.read(name), name).toEqual(file.read(name));
    }
  });

  test('bfloat16 stays as it is', () => {
    const bits = Uint16Array.of(0x3fc0, 0x8000, 0x7f80, 0x0001);
    const path = join(folder, 'bf16.safetensors');
    writeFileSync(path, encodeSafetensors({ w: { dtype: 'BF16', shape: [4], data: bits } }));
    convertCheckpoint(openCheckpoint(path), join(folder, 'bf16-again.safetensors'));
    expect(readFileSync(join(folder, 'bf16-again.safetensors')).subarray(-8)).toEqual(Buffer.from(bits.buffer));
  });

  test('a value that half precision cannot hold is named, and nothing is left behind', () => {
    const path = writeSafetensors(join(folder, 'large.safetensors'), { w: floats([2], Float32Array.of(1, -70000)) });
    const before = readdirSync(folder).sort();
    expect(() => convertCheckpoint(openCheckpoint(path), join(folder, 'small.safetensors'), { dtype: 'F16' })).toThrow(
      'tensor w holds -70000, which float16 cannot',
    );
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  test('removes what a killed conversion left, and nothing else', () => {
    const [left, other] = ['.rfclip-1-00000000000a.tmp', '.other.tmp'].map((name) => join(folder, name));
    for (const path of [left, other]) {
      writeFileSync(path, '');
      utimesSync(path, 0, 0);
    }
    convertCheckpoint(source('small_hf.safetensors'), join(folder, 'after.safetensors'));
    expect([left, other].map((path) => existsSync(path))).toEqual([false, true]);
  });

  test('targets that cannot be written', () => {
    const file = source('small_openai_f16.safetensors');
    expect(() => convertCheckpoint(file, join(folder, 'none', 'x.safetensors'))).toThrow(
      `cannot be written: the folder ${join(folder, 'none')} does not exist`,
    );
    expect(() => convertCheckpoint(file, folder)).toThrow('cannot be written: there is a folder of that name');
  });

  test('a checkpoint can be converted onto itself', () => {
    const path = join(folder, 'itself.safetensors');
    writeFileSync(path, readFileSync(join(fixtures, 'small_openai_f16.safetensors')));
    const before = openCheckpoint(path);
    convertCheckpoint(before, path, { dtype: 'F32' });
    expect(openCheckpoint(path).read('visual.proj')).toEqual(before.read('visual.proj'));
  });
});

test('large tensors come in pieces of whole rows', () => {
  const asked: number[][] = [];
  const file: CheckpointFile = {
    path: 'large',
    metadata: {},
    tensors: new Map([['t', { name: 't', dtype: 'F32' as const, shape: [5, 4 << 20] }]]),
    read: () => {
      throw new Error('it was read as a whole');
    },
    readRows: (_, rows) => (asked.push(Array.from(rows)), new Float32Array(rows.length)),
    sha256: () => '',
    close: () => {},
  };
  expect([...tensorChunks(file, 't')].map((chunk) => chunk.length)).toEqual([4, 1]);
  expect(asked).toEqual([[0, 1, 2, 3], [4]]);
});

test('values that are not finite are counted by tensor', () => {
  const path = writeSafetensors(join(folder, 'nan.safetensors'), {
    a: floats([3], Float32Array.of(1, NaN, Infinity)),
    b: floats([1], Float32Array.of(0)),
  });
  expect(checkValues(openCheckpoint(path))).toEqual({ tensors: 2, values: 4, notFinite: [{ name: 'a', count: 2 }] });
});

test('a description counts parameters by tower and type', () => {
  const description = describeCheckpoint(source('small_state_dict.pt'));
  expect(description).toMatchObject({
    format: 'PyTorch state dict',
    naming: 'OpenAI',
    tensors: 65,
    release: undefined,
    distractionDimensions: undefined,
    config: { embedding: 32 },
  });
  const { image, text, all } = description.parameters;
  expect(image + text + 1).toBe(all);
  expect(Object.values(description.dtypes).reduce((sum, count) => sum + count, 0)).toBe(all);
  expect(describeCheckpoint(openCheckpoint(join(folder, 'nan.safetensors'))).notClip).toContain(
    'has no tensor visual.conv1.weight',
  );
});

describe('names', () => {
  test('are found however they are spelled', () => {
    for (const name of ['ViT-B/16', 'vit-b/16', 'openai/ViT-B/16', 'ViT-B-16', 'ViT-B-16.pt'])
      expect(findKnownCheckpoint(name)?.name, name).toBe('ViT-B/16');
    expect(findKnownCheckpoint('DINO ViT-B/8')?.publisher).toBe('Facebook AI Research');
    expect(findKnownCheckpoint('ViT-B')).toBeUndefined();
  });

  test("OpenAI's addresses contain the SHA-256", () => {
    for (const { publisher, url, sha256 } of KNOWN_CHECKPOINTS) {
      if (publisher === 'OpenAI') expect(url).toContain(`/${sha256}/`);
      else expect(sha256).toBeUndefined();
    }
  });

  test('resolve to a path as it is, or to the pulled file', () => {
    const before = process.env.RFCLIP_CACHE_DIR;
    process.env.RFCLIP_CACHE_DIR = join(folder, 'cache');
    try {
      expect(pulledPath(findKnownCheckpoint('ViT-L/14')!)).toBe(join(folder, 'cache', 'weights', 'ViT-L-14.pt'));
      expect(resolveCheckpoint(fixtures)).toBe(fixtures);
      expect(resolveCheckpoint('nothing.pt')).toBe('nothing.pt');
      expect(() => resolveCheckpoint('ViT-L/14')).toThrow(
        `checkpoint ViT-L/14 is not in ${join(folder, 'cache', 'weights')}`,
      );
    } finally {
      if (before === undefined) delete process.env.RFCLIP_CACHE_DIR;
      else process.env.RFCLIP_CACHE_DIR = before;
    }
  });
});
