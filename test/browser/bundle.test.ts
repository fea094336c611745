import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32, deflateSync, inflateRawSync, sha256 } from '../../system/platform.ts';
import * as browser from '../../system/platform.browser.ts';
import { houseFolders, readHouse, root } from '../support/house.ts';
import { bundle } from './bundle.ts';

const APP = `
  import { Model } from 'rfclip';
  const [file] = document.querySelector('input').files;
  const model = await Model.open({ checkpoint: file });
  const segmenter = await model.segmenter('cat, dog');
  const result = await segmenter.segment(document.querySelector('canvas'));
  document.body.append(JSON.stringify(result.classes));
`;
const { browser: seam } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  browser: Record<string, string>;
};

/** Made by the build. */
const GENERATED = ['kernels/source.browser.ts', 'tokenizer/dataFiles.browser.ts'];

describe('the seam between Node and browsers', () => {
  it('is the files of the field browser, and all of them are there', () => {
    const second = [...readHouse(houseFolders(), /\.browser\.ts$/).keys(), ...GENERATED].sort();
    const source = (path: string) => path.replace('./dist/', '').replace('.js', '.ts');
    expect(Object.values(seam).map(source).sort()).toEqual(second);
    for (const [node, other] of Object.entries(seam)) {
      expect(other).toBe(node.replace('.js', '.browser.js'));
      expect([existsSync(join(root, node)), existsSync(join(root, other))], node).toEqual([true, true]);
    }
  });
});

describe('an application in a bundle', () => {
  it('needs nothing of Node', async () => {
    const { code, modules, external } = await bundle(APP);
    expect(external).toEqual([]);
    for (const node of Object.keys(seam)) expect(modules).not.toContain(node.slice(2));
    const packages = modules.flatMap((path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? []);
    expect([...new Set(packages)].sort()).toEqual(['fflate', 'zod']);
    // What the README says, in kilobytes.
    const sizes = [code.length, gzipSync(code, { level: 9 }).length].map((bytes) => Math.round(bytes / 1000));
    console.log(`bundle: ${sizes[0]} kB, ${sizes[1]} kB with gzip`);
    expect(sizes[0]).toBeLessThan(800);
    expect(sizes[1]).toBeLessThan(350);
  });

  it('of the engine alone has neither vocabulary nor decoders', async () => {
    const { code, external } = await bundle(
      "import { Device } from 'rfclip/engine'; console.log(await Device.create());",
    );
    expect(external).toEqual([]);
    expect(code.length).toBeLessThan(200_000);
  });

  it('has the worker, with what looks inside only where it is imported; what speaks to it is small', async () => {
    const plain = await bundle("import 'rfclip/worker';");
    expect(plain.code.length).toBeGreaterThan(500_000);
    expect(plain.modules.filter((path) => /^dist\/(explain|conformance|evaluation|datasets)\//.test(path))).toEqual([]);
    for (const [entry, most] of [['explain', 20_000] as const, ['conformance', 120_000] as const]) {
      const { code, external } = await bundle(`import 'rfclip/worker/${entry}';`);
      expect(external, entry).toEqual([]);
      expect(code.length - plain.code.length, entry).toBeGreaterThan(0);
      expect(code.length - plain.code.length, entry).toBeLessThan(most);
    }
    const { code } = await bundle("import { openInWorker } from 'rfclip/worker/client'; await openInWorker(self.w);");
    expect(code.length).toBeLessThan(10_000);
  });
});

describe("what stands in for Node's modules", () => {
  const texts = ['', 'abc', 'ü'.repeat(27), 'x'.repeat(55), 'x'.repeat(56), 'y'.repeat(1000)];

  it.each(texts.map((text, index) => [index, text] as const))('SHA-256, text %i', (_, text) => {
    expect(browser.sha256(text)).toBe(sha256(text));
  });

  it('CRC-32 and deflate, one way and back', () => {
    for (const text of texts) {
      const bytes = new TextEncoder().encode(text);
      expect(browser.crc32(bytes)).toBe(crc32(bytes));
      const raw = browser.deflateSync(bytes).subarray(2, -4);
      expect(new Uint8Array(inflateRawSync(raw, { maxOutputLength: 2000 }))).toEqual(bytes);
      const stored = deflateSync(bytes).subarray(2, -4);
      expect(browser.inflateRawSync(stored, { maxOutputLength: Math.max(1, bytes.length) })).toEqual(bytes);
    }
    const long = deflateSync(new Uint8Array(1000)).subarray(2, -4);
    expect(() => browser.inflateRawSync(long, { maxOutputLength: 999 })).toThrow();
    expect(() => browser.inflateRawSync(long.subarray(0, 4), { maxOutputLength: 1000 })).toThrow();
  });

  it.each(['a', '/a/b.pt', 'https://a.b/c/d.safetensors', 'C:\\a\\b'])('the last part of %s', (path) => {
    expect(browser.basename(path)).toBe(path.split(/[/\\]/).at(-1));
  });
});
