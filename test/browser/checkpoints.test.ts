import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { archiveOf, fileOf, legacyOf } from '../clip/checkpoint/archives.ts';
import { clipTensors } from '../clip/checkpoint/publishedFiles.ts';
import { root } from '../support/house.ts';
import { bundle } from './bundle.ts';

/** The readers as a page has them; Node has Blobs, too. */
interface Readers {
  openCheckpoint: (path: string) => CheckpointFile;
  whenRead: <Result>(work: () => Result) => Promise<Result>;
  nameBlob: (blob: Blob, name: string) => string;
}

const folder = mkdtempSync(join(tmpdir(), 'rfclip-browser-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let page: Readers;
beforeAll(async () => {
  const checkpoint = './dist/clip/checkpoint';
  const { code } = await bundle(`
    export { openCheckpoint } from '${checkpoint}/openCheckpoint.js';
    export { whenRead } from '${checkpoint}/lateReads.js';
    export { nameBlob } from '${checkpoint}/randomAccessFile.js';
  `);
  const path = join(folder, 'readers.mjs');
  writeFileSync(path, code);
  page = (await import(pathToFileURL(path).href)) as Readers;
});

const fixture = (name: string) => readFileSync(join(root, 'test/fixtures/reference/clip', name));
const FILES: Record<string, () => Buffer> = {
  safetensors: () => readFileSync(join(root, 'clip/weights/microclip.safetensors')),
  'a state dict': () => fixture('small_state_dict.pt'),
  'a TorchScript archive': () => fixture('small_torchscript.pt'),
  'a deflated archive': () => archiveOf(clipTensors(), { deflate: true }),
  'a file from before PyTorch 1.6': () => legacyOf(clipTensors()),
};

describe('a page reads by slices what Node reads from files', () => {
  it.each(Object.keys(FILES))('%s', async (name) => {
    const bytes = FILES[name]();
    const file = openCheckpoint(fileOf(folder, 'weights', bytes));
    const path = page.nameBlob(new Blob([new Uint8Array(bytes)]), name);
    const read = await page.whenRead(() => page.openCheckpoint(path));
    expect([...read.tensors.keys()]).toEqual([...file.tensors.keys()]);
    expect(read.metadata).toEqual(file.metadata);
    for (const { name: tensor, shape } of file.tensors.values()) {
      const values = await page.whenRead(() => read.read(tensor));
      expect(Buffer.from(values.buffer).equals(Buffer.from(file.read(tensor).buffer)), tensor).toBe(true);
      if (shape.length !== 2) continue;
      const rows = [shape[0] - 1, 0, shape[0] >> 1];
      expect(await page.whenRead(() => read.readRows(tensor, rows))).toEqual(file.readRows(tensor, rows));
    }
    file.close();
    read.close();
  });

  it.each([
    ['that is cut', () => FILES.safetensors().subarray(0, 100_000), /is not a usable safetensors file: /],
    ['that is empty', () => Buffer.alloc(0), /^checkpoint w.* is empty$/],
    ['of a picture', () => readFileSync(join(root, 'examples/scenes/scene_0005.jpg')), /it is a JPEG picture$/],
  ])('and refuses one %s as Node does', async (_, bytes, sentence) => {
    const path = page.nameBlob(new Blob([new Uint8Array(bytes())]), 'w');
    await expect(page.whenRead(() => page.openCheckpoint(path))).rejects.toThrow(sentence);
  });

  it('and says which file is gone', async () => {
    const gone = Object.assign(new Blob(['x'.repeat(100)]), {
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('it was moved')) }),
    });
    const path = page.nameBlob(gone, 'mine.pt');
    const sentence = 'checkpoint mine.pt cannot be read inside its first bytes (it was moved)';
    await expect(page.whenRead(() => page.openCheckpoint(path))).rejects.toThrow(sentence);
  });
});
