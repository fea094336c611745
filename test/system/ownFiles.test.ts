import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { compareResults } from '../../evaluation/results/comparison.ts';
import { comparisonFiles, writeComparisonFiles } from '../../evaluation/results/comparisonFiles.ts';
import { formatMethodsHtml } from '../../evaluation/htmlReport/methodsPage.ts';
import { formatMethodsMarkdown } from '../../evaluation/results/report.ts';
import { resultFiles, writeResultFiles } from '../../evaluation/results/resultFiles.ts';
import { formatEntry } from '../../evaluation/run/journal.ts';
import { encodeGreyPng, encodeRgbPng } from '../../pictures/encodePng.ts';
import { vocPalette } from '../../pictures/palette.ts';
import { encodeLabelPng } from '../../pictures/encodeLabelPng.ts';
import { EMBEDDED_CHECKPOINT } from '../../rfclip/clipModel.ts';
import { thisHolder } from '../../system/lockHolder.ts';
import { isOwnFile } from '../../system/ownFiles.ts';
import { architectureMetadata } from '../../weights/architectureMetadata.ts';
import { convertCheckpoint } from '../../weights/convertCheckpoint.ts';
import { entryOf, resultOf, sampleManifest } from '../evaluation/samples.ts';

const root = mkdtempSync(join(tmpdir(), 'rfclip-own-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = root;
let count = 0;
beforeEach(() => mkdirSync((folder = join(root, String(count++)))));

const write = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const labels = encodeLabelPng(Uint8Array.of(0, 1, 2, 1), 2, 2, vocPalette(3));
const report = {
  image: 'photo.jpg',
  width: 2,
  height: 2,
  method: 'rfclip',
  checkpoint: 'microclip.safetensors',
  adapter: 'an adapter',
  classes: [],
  milliseconds: { decode: 1, network: 2, write: 3 },
  peakBufferBytes: 4,
  files: { label: 'photo.label.png', overlay: 'photo.overlay.png', report: 'photo.json' },
  notices: [],
};

interface Chunk {
  type: string;
  content: Buffer;
}
function chunksOf(png: Uint8Array): Chunk[] {
  const bytes = Buffer.from(png);
  const chunks: Chunk[] = [];
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), content: bytes.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}
function pngOf(chunks: readonly Chunk[]): Buffer {
  const parts = chunks.map(({ type, content }) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}
/** As versions before the marks wrote it. */
const unmarked = (png: Uint8Array) => pngOf(chunksOf(png).filter(({ type }) => type !== 'tEXt'));

describe('what rfclip writes is known as its own', () => {
  it.each([
    ['a label map', labels],
    ['a label map of many classes', encodeLabelPng(Uint16Array.of(0, 300), 2, 1, vocPalette(400))],
    ['a picture', encodeRgbPng(new Uint8Array(3 * 4), 2, 2)],
    ['a converted label map', encodeGreyPng(Uint8Array.of(1, 2), 2, 1)],
    ['a label map that was cut off', labels.subarray(0, labels.length - 20)],
  ])('%s', (_name, png) => expect(isOwnFile(write('a.png', png))).toBe(true));

  it.each([
    ['a report', JSON.stringify(report, null, 2)],
    ['a report that was not saved', JSON.stringify({ ...report, files: undefined })],
    ['a report of methods', JSON.stringify({ image: 'a.jpg', methods: { clip: { milliseconds: 1, classes: [] } } })],
    ['a manifest', JSON.stringify(sampleManifest(), null, 2)],
    ['a lock', JSON.stringify({ ...thisHolder(), claim: 'x' })],
    ['a record of archives', JSON.stringify({ format: 'rfclip-sources-1', archives: {} })],
    ['a journal', formatEntry(entryOf(1)) + formatEntry(entryOf(2))],
    ['methods of a data set', formatMethodsMarkdown([resultOf(3, 1, 1)])],
    ['a page of methods', formatMethodsHtml([resultOf(3, 1, 1)])],
  ])('%s', (_name, text) => expect(isOwnFile(write('a', text))).toBe(true));

  it('results and comparisons', async () => {
    const result = resultOf(9, 1, 1);
    await writeResultFiles(folder, result);
    await writeComparisonFiles(folder, 'all', compareResults([{ name: 'a', path: 'a', result }]));
    const held = compareResults([{ name: 'a', path: 'a', result }], { baseline: 'a' });
    await writeComparisonFiles(folder, 'held', held);
    const comparisons = ['all', 'held'].flatMap((name) => Object.values(comparisonFiles(folder, name)));
    for (const path of [...resultFiles(folder), ...comparisons]) expect([path, isOwnFile(path)]).toEqual([path, true]);
  });

  it('a converted checkpoint', () => {
    const file = openCheckpoint(EMBEDDED_CHECKPOINT);
    const path = join(folder, 'out.safetensors');
    convertCheckpoint(file, path, { metadata: { ...architectureMetadata(file), source_sha256: file.sha256() } });
    file.close();
    expect(isOwnFile(path)).toBe(true);
    expect(isOwnFile(EMBEDDED_CHECKPOINT)).toBe(false);
  });

  it('a picture without marks, if a report beside it is of it and not older', () => {
    write('photo.json', JSON.stringify(report));
    const label = write('photo.label.png', unmarked(labels));
    const overlay = write('photo.overlay.png', unmarked(encodeRgbPng(new Uint8Array(3 * 6), 2, 3)));
    expect([label, overlay].map(isOwnFile)).toEqual([true, true]);
    const later = Date.now() / 1000 + 3600;
    utimesSync(label, later, later);
    expect([label, overlay].map(isOwnFile)).toEqual([false, true]);
    write('photo.methods.json', JSON.stringify({ image: 'photo.jpg', methods: {} }));
    for (const name of ['photo.methods.png', 'photo.clip.label.png', 'photo.rfclip-paper.label.png'])
      expect([name, isOwnFile(write(name, unmarked(labels)))]).toEqual([name, true]);
  });
});

describe('what somebody else made is not', () => {
  const drawn = chunksOf(labels).map((chunk) => {
    if (chunk.type !== 'IDAT') return chunk;
    const lines = inflateSync(chunk.content);
    lines[1] ^= 1;
    return { ...chunk, content: deflateSync(lines) };
  });
  const large = chunksOf(labels).flatMap((chunk) =>
    chunk.type === 'IDAT'
      ? [0, 5].map((at) => ({ type: 'IDAT', content: chunk.content.subarray(at, at === 0 ? 5 : undefined) }))
      : [chunk],
  );
  it.each([
    ['a label map of another program', PNG.sync.write(new PNG({ width: 2, height: 2 }))],
    ['our label map, drawn upon by a program that keeps texts', pngOf(drawn)],
    ['our label map, stored anew by one', pngOf(large)],
    ['our label map, without its marks', unmarked(labels)],
    ['a picture of another program that names itself', pngOf([{ type: 'tEXt', content: Buffer.from('Software\0x') }])],
  ])('%s', (_name, png) => expect(isOwnFile(write('photo.label.png', png))).toBe(false));

  it('a label map without marks beside a report of another size', () => {
    write('photo.json', JSON.stringify({ ...report, width: 3 }));
    expect(isOwnFile(write('photo.label.png', unmarked(labels)))).toBe(false);
  });

  it.each([
    ['nothing', ''],
    [
      'an annotation of LabelMe',
      JSON.stringify({ version: '5.0', shapes: [], imagePath: 'photo.jpg', imageHeight: 2 }),
    ],
    ['annotations of COCO', JSON.stringify({ images: [{ width: 2, height: 2 }], annotations: [], categories: [] })],
    ['a manifest of the web', JSON.stringify({ name: 'x', icons: [], version: '1' })],
    ['a list', '[]'],
    ['no JSON', '{ "image": '],
    ['a table', 'label,class,words\n1,2,3\n'],
    ['notes', '# Notes\n\nWith rfclip, mIoU in percent.\n'],
    ['a page', '<!DOCTYPE html><title>rfclip</title>'],
    ['words', 'cat\ndog\n'],
    ['bytes', Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0, 123, 125)],
    ['a JPEG', readFileSync(new URL('../../examples/scenes/scene_0025.jpg', import.meta.url))],
  ])('%s', (_name, content) => expect(isOwnFile(write('photo.json', content))).toBe(false));

  it('a folder, or what is not there', () => {
    expect([folder, join(folder, 'nothing')].map(isOwnFile)).toEqual([false, false]);
  });
});
