import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../clip/checkpoint/checkpointFile.ts';
import { openSafetensors } from '../../../clip/checkpoint/safetensors.ts';
import { encodeSafetensors, floats, joinSafetensors, writeSafetensors } from '../../support/safetensorsWriter.ts';

let folder: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-damaged-'));
  path = join(folder, 'file.safetensors');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EIGHT_BYTES = new Uint8Array(8);
const PAIR = { x: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } };

/** The message of the CheckpointError that `body` must throw, without the file's name. */
function complaint(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    const { message, code, where } = error as CheckpointError;
    expect({ code, where, sentences: message.split('\n').length }).toEqual({
      code: 'RFCLIP-CHECKPOINT',
      where: path,
      sentences: 1,
    });
    return message
      .replace(`checkpoint ${path}`, 'checkpoint')
      .replace('checkpoint is not a usable safetensors file: ', '');
  }
  return 'no error';
}

function openingComplaint(bytes: Uint8Array): string {
  writeFileSync(path, bytes);
  return complaint(() => openSafetensors(path).close());
}

describe('a damaged safetensors file is refused with one sentence', () => {
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'it has 0 bytes, expected at least 8'],
    ['a file cut inside the header length', new Uint8Array(7), 'it has 7 bytes, expected at least 8'],
    [
      'a file cut inside the header',
      joinSafetensors(PAIR, EIGHT_BYTES).subarray(0, 40),
      'its header claims 56 bytes, the file has 40',
    ],
    [
      'a header length beyond the file',
      joinSafetensors(PAIR, EIGHT_BYTES, 65n),
      'its header claims 65 bytes, the file has 72',
    ],
    [
      'a header length of 2^64 - 1',
      joinSafetensors(PAIR, EIGHT_BYTES, 2n ** 64n - 1n),
      'its header claims 18446744073709552000 bytes, the file has 72',
    ],
    ['a header that includes tensor bytes', joinSafetensors(PAIR, EIGHT_BYTES, 64n), 'its header is not JSON'],
    ['a header that is cut', joinSafetensors(PAIR, EIGHT_BYTES, 30n), 'its header is not JSON'],
    ['an empty header', joinSafetensors('', EIGHT_BYTES), 'its header is not JSON'],
    [
      'an archive',
      Buffer.from('PK\x03\x04 and what follows in an archive'),
      'its header claims 7236828441365138000 bytes, the file has 35',
    ],
    ['a header that is a list', joinSafetensors([PAIR], EIGHT_BYTES), 'its header is not a JSON object'],
    ['a header that is null', joinSafetensors(null, EIGHT_BYTES), 'its header is not a JSON object'],
    ['a header that is a number', joinSafetensors(3, EIGHT_BYTES), 'its header is not a JSON object'],
  ])('%s', (_, bytes, expected) => {
    expect(openingComplaint(bytes)).toBe(expected);
  });

  it.each<[string, unknown, string]>([
    ['no entry', null, 'tensor x has dtype undefined, which is unknown'],
    ['an entry that is text', 'F32', 'tensor x has dtype undefined, which is unknown'],
    [
      'an unknown dtype',
      { dtype: 'F8_E4M3', shape: [8], data_offsets: [0, 8] },
      'tensor x has dtype F8_E4M3, which is unknown',
    ],
    [
      'a dtype named like a method',
      { dtype: 'toString', shape: [8], data_offsets: [0, 8] },
      'tensor x has dtype toString, which is unknown',
    ],
    [
      'a dtype that is a number',
      { dtype: 32, shape: [2], data_offsets: [0, 8] },
      'tensor x has dtype 32, which is unknown',
    ],
    ['no shape', { dtype: 'F32', data_offsets: [0, 8] }, 'tensor x has no valid shape'],
    ['a negative extent', { dtype: 'F32', shape: [-2], data_offsets: [0, 8] }, 'tensor x has no valid shape'],
    ['two negative extents', { dtype: 'F32', shape: [-1, -2], data_offsets: [0, 8] }, 'tensor x has no valid shape'],
    ['a fractional extent', { dtype: 'F32', shape: [0.5, 4], data_offsets: [0, 8] }, 'tensor x has no valid shape'],
    [
      'an extent beyond exact integers',
      { dtype: 'F32', shape: [2 ** 53], data_offsets: [0, 8] },
      'tensor x has no valid shape',
    ],
    [
      'huge extents',
      { dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 8] },
      `tensor x of shape [${2 ** 40}, ${2 ** 40}] needs ${4 * 2 ** 80} bytes but has 8`,
    ],
    [
      'extents whose product wraps to 0 in 64 bits',
      { dtype: 'F32', shape: [2 ** 32, 2 ** 32], data_offsets: [0, 0] },
      `tensor x of shape [${2 ** 32}, ${2 ** 32}] needs ${4 * 2 ** 64} bytes but has 0`,
    ],
    ['no offsets', { dtype: 'F32', shape: [2] }, 'tensor x has no valid data_offsets'],
    ['three offsets', { dtype: 'F32', shape: [2], data_offsets: [0, 8, 8] }, 'tensor x has no valid data_offsets'],
    ['a negative offset', { dtype: 'F32', shape: [2], data_offsets: [-8, 0] }, 'tensor x has no valid data_offsets'],
    [
      'offsets in the wrong order',
      { dtype: 'F32', shape: [2], data_offsets: [8, 0] },
      'tensor x lies at bytes 8..0, the file holds 8',
    ],
    [
      'an offset beyond the file',
      { dtype: 'F32', shape: [2], data_offsets: [1, 9] },
      'tensor x lies at bytes 1..9, the file holds 8',
    ],
    [
      'an offset far beyond the file',
      { dtype: 'F32', shape: [2], data_offsets: [2 ** 52, 2 ** 52 + 8] },
      `tensor x lies at bytes ${2 ** 52}..${2 ** 52 + 8}, the file holds 8`,
    ],
    [
      'too few bytes',
      { dtype: 'F32', shape: [2], data_offsets: [0, 4] },
      'tensor x of shape [2] needs 8 bytes but has 4',
    ],
    [
      'too many bytes',
      { dtype: 'F16', shape: [1], data_offsets: [0, 8] },
      'tensor x of shape [1] needs 2 bytes but has 8',
    ],
    [
      'a single value without bytes',
      { dtype: 'F32', shape: [], data_offsets: [0, 0] },
      'tensor x of shape [] needs 4 bytes but has 0',
    ],
  ])('%s', (_, entry, expected) => {
    expect(openingComplaint(joinSafetensors({ x: entry }, EIGHT_BYTES))).toBe(expected);
  });

  it('tensors that overlap, by one byte or as a whole', () => {
    const bytes = (begin: number, end: number) => ({ dtype: 'U8', shape: [end - begin], data_offsets: [begin, end] });
    expect(openingComplaint(joinSafetensors({ late: bytes(4, 8), early: bytes(0, 5) }, EIGHT_BYTES))).toBe(
      'tensors early and late overlap',
    );
    expect(openingComplaint(joinSafetensors({ a: bytes(0, 8), b: bytes(0, 8) }, EIGHT_BYTES))).toBe(
      'tensors a and b overlap',
    );
    expect(openingComplaint(joinSafetensors({ a: bytes(0, 8), inside: bytes(2, 3) }, EIGHT_BYTES))).toBe(
      'tensors a and inside overlap',
    );
    expect(openingComplaint(joinSafetensors({ a: bytes(0, 4), empty: bytes(4, 4), b: bytes(4, 8) }, EIGHT_BYTES))).toBe(
      'no error',
    );
  });

  it('metadata that is not an object of strings is left out', () => {
    for (const metadata of [null, 3, 'text', { a: 1, b: null }]) {
      writeFileSync(path, joinSafetensors({ __metadata__: metadata, ...PAIR }, EIGHT_BYTES));
      const file = openSafetensors(path);
      expect(file.read('x').length).toBe(2);
      expect(Object.entries(file.metadata).every(([, value]) => typeof value === 'string')).toBe(true);
      file.close();
    }
  });

  it('a path that does not exist, a directory, and a path through a file', () => {
    path = join(folder, 'nothing.safetensors');
    expect(complaint(() => openSafetensors(path))).toBe('checkpoint does not exist');
    path = join(folder, 'directory');
    mkdirSync(path);
    expect(complaint(() => openSafetensors(path))).toBe('checkpoint is not a file');
    writeFileSync(join(folder, 'plain'), 'x');
    path = join(folder, 'plain', 'below');
    expect(complaint(() => openSafetensors(path))).toBe('checkpoint cannot be opened (ENOTDIR)');
    path = join(folder, 'file.safetensors');
  });
});

describe('an open safetensors file', () => {
  const tensors = {
    first: floats([2, 2], Float32Array.of(1, 2, 3, 4)),
    last: floats([1000, 2], new Float32Array(2000)),
  };

  it('that is cut says which tensor ends', () => {
    const file = openSafetensors(writeSafetensors(path, tensors));
    truncateSync(path, encodeSafetensors(tensors).length - 1);
    expect([...file.read('first')]).toEqual([1, 2, 3, 4]);
    expect(file.readRows('last', [0, 998]).length).toBe(4);
    expect(complaint(() => file.read('last'))).toBe('checkpoint ends inside tensor last');
    expect(complaint(() => file.readRows('last', [3, 999]))).toBe('checkpoint ends inside tensor last');
    file.close();
  });

  it('refuses unknown names and rows, and everything once closed', () => {
    const file = openSafetensors(writeSafetensors(path, tensors));
    expect(complaint(() => file.read('second'))).toBe('checkpoint has no tensor second');
    expect(complaint(() => file.readRows('toString', [0]))).toBe('checkpoint has no tensor toString');
    expect(complaint(() => file.readRows('first', [0, 2]))).toBe('checkpoint: row 2 of first, which has 2');
    expect(complaint(() => file.readRows('first', [-1]))).toBe('checkpoint: row -1 of first, which has 2');
    file.close();
    file.close();
    expect(complaint(() => file.read('first'))).toBe('checkpoint was closed');
    expect(complaint(() => file.sha256())).toBe('checkpoint was closed');
  });
});

/** Opens bytes as a file and reads everything in it; a CheckpointError is the only error that may come out. */
function survives(bytes: Uint8Array): void {
  writeFileSync(path, bytes);
  try {
    const file = openSafetensors(path);
    for (const [name, tensor] of file.tensors) {
      expect(file.read(name).length).toBe(tensor.shape.reduce((product, extent) => product * extent, 1));
      if (tensor.shape[0] > 0) file.readRows(name, [0, tensor.shape[0] - 1]);
    }
    file.close();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
  }
}

describe('fuzzing', () => {
  const valid = encodeSafetensors(
    {
      w: floats([2, 3], new Float32Array(6)),
      h: { dtype: 'F16', shape: [4], data: new Uint16Array(4) },
      s: { dtype: 'I64', shape: [], data: new BigInt64Array(1) },
    },
    { distraction_dimensions: '[]' },
  );
  const json = fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as unknown);

  it('changed, cut and added bytes give a file or a CheckpointError', () => {
    const edit = fc.record({
      at: fc.nat(valid.length - 1),
      remove: fc.nat(12),
      insert: fc.uint8Array({ maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let bytes = valid;
        for (const { at, remove, insert } of edits)
          bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
        survives(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('headers of any JSON give a file or a CheckpointError', () => {
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'F16', 'U8', 'BOOL'), json),
        shape: fc.oneof(
          fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 3 }),
          fc.array(fc.maxSafeNat(), { maxLength: 3 }),
          json,
        ),
        data_offsets: fc.oneof(fc.tuple(fc.nat(40), fc.nat(40)), json),
      },
      { requiredKeys: [] },
    );
    const key = fc.constantFrom('x', 'y', '__proto__', '__metadata__', 'constructor');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, fc.oneof(entry, json)), { maxLength: 4 }),
        fc.nat(40),
        (entries, dataBytes) => {
          const members = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
          const header = `{${members.join(',')}}`;
          survives(joinSafetensors(header, new Uint8Array(dataBytes)));
        },
      ),
      { numRuns: 300 },
    );
  });
});
