import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../clip/image/decodeImage.ts';
import { sniffFormat } from '../../clip/image/sniff.ts';
import type { DecodedImage } from '../../clip/image/types.ts';
import { damagedImage } from '../clip/image/fuzzing.ts';
import { noChromium } from '../support/chromium.ts';
import { root } from '../support/house.ts';
import { bundle } from './bundle.ts';
import { type GpuPage, openGpuPage } from './pageServer.ts';

type Decode = (file: Blob, name: string, limits: object) => Promise<DecodedImage>;

const FOLDERS = ['test/fixtures/reference/image', 'test/fixtures/pictures'];
const FILES: readonly string[] = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => /\.(png|jpg|webp|bmp|gif)$/.test(name))
    .map((name) => `${folder}/${name}`),
);
const OWN = /(png|bmp|gif)$/;
/** OpenCV makes RGB of CMYK in integers of its own. */
const CMYK = /cmyk/;
const DAMAGED_DATA = /cannot be decompressed|with the checksum of its pixels/;
const bytesOf = (file: string) => new Uint8Array(readFileSync(join(root, file)));

const folder = mkdtempSync(join(tmpdir(), 'rfclip-pictures-'));
let code: Uint8Array;
beforeAll(async () => {
  ({ code } = await bundle("export { decodeInBrowser } from './dist/clip/image/decodeInBrowser.js';"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the decoders of a page, without its browser', () => {
  let decode: Decode;
  beforeAll(async () => {
    const path = join(folder, 'decode.mjs');
    writeFileSync(path, code);
    ({ decodeInBrowser: decode } = (await import(pathToFileURL(path).href)) as { decodeInBrowser: Decode });
  });
  const outcome = async (bytes: Uint8Array, work: (bytes: Uint8Array) => DecodedImage | Promise<DecodedImage>) => {
    try {
      const { width, height, data, notices } = await work(bytes);
      return { width, height, pixels: Buffer.from(data).toString('base64'), notices };
    } catch (error) {
      return { error: (error as Error).message, code: (error as { code?: string }).code };
    }
  };
  const here = (bytes: Uint8Array) => outcome(bytes, (given) => decode(new Blob([given.slice()]), 'a file', {}));
  const inNode = (bytes: Uint8Array) => outcome(bytes, (given) => decodeImage(given, 'a file'));

  it.each(FILES.filter((file) => OWN.test(file)))('give the pixels of Node for %s', async (file) => {
    const bytes = bytesOf(file);
    expect(await here(bytes)).toEqual(await inNode(bytes));
  });

  it('and its sentences for damaged files, but of compressed data that is wrong or has no checksum', async () => {
    const counts = { decoded: 0, refused: 0 };
    for (let run = 0; run < 1500; run++) {
      const { name, bytes } = damagedImage(7, run);
      if (!OWN.test(name) || sniffFormat(bytes) === 'unknown') continue;
      const [actual, expected] = [await here(bytes), await inNode(bytes)];
      const isDamaged = DAMAGED_DATA.test(`${actual.error} ${expected.error}`);
      if (isDamaged && actual.error !== undefined)
        expect(expected.error ?? expected.notices!.join(), `${run}`).toMatch(/damaged PNG|behind its last|no checksum/);
      else expect(actual, `${run}`).toEqual(expected);
      counts[actual.error === undefined ? 'decoded' : 'refused']++;
    }
    expect(counts).toEqual({ decoded: expect.any(Number), refused: expect.any(Number) });
    expect(Math.min(counts.decoded, counts.refused)).toBeGreaterThan(100);
  });
});

const skipped = noChromium !== undefined;
describe.skipIf(skipped)(`in Chromium${noChromium === undefined ? '' : ` (${noChromium})`}`, () => {
  let opened: GpuPage;
  beforeAll(async () => {
    const files = Object.fromEntries(FILES.map((file) => [`/${file}`, bytesOf(file)]));
    opened = await openGpuPage({
      '/index.html': '<!doctype html><script type="module" src="/page.js"></script>',
      '/decode.js': code,
      '/page.js': "import { decodeInBrowser } from './decode.js'; Object.assign(globalThis, { decodeInBrowser });",
      ...files,
    });
  }, 300_000);
  afterAll(() => opened?.close());

  /** Pixels in base64, or the sentence that says why there are none. */
  const inPage = (sources: string[]): Promise<Record<string, string>> =>
    opened.page.evaluate(async (paths) => {
      const { decodeInBrowser } = globalThis as any;
      const found: Record<string, string> = {};
      for (const path of paths) {
        const file = await (await fetch(path)).blob();
        found[path] = await decodeInBrowser(file, 'a file', {}).then(
          ({ data }: { data: Uint8Array }) => Array.from(data).join(),
          ({ message, fix }: { message: string; fix?: string }) => `${message} (${fix})`,
        );
      }
      return found;
    }, sources);

  it('all files give the pixels of Node, transparent ones, too', async () => {
    const found = await inPage(FILES.map((file) => `/${file}`));
    const differing = FILES.filter((file) => found[`/${file}`] !== decodeImage(bytesOf(file), file).data.join());
    expect(differing.filter((file) => !CMYK.test(file))).toEqual([]);
    const cmyk = FILES.find((file) => CMYK.test(file))!;
    const expected = decodeImage(bytesOf(cmyk), cmyk).data;
    const levels = found[`/${cmyk}`].split(',').map((level, i) => Math.abs(Number(level) - expected[i]));
    expect(Math.max(...levels)).toBeLessThan(2);
  }, 300_000);

  it('what is no picture is called by its name', async () => {
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1').toString('base64');
    const found = await inPage([`data:;base64,${heic}`, 'data:,%25PDF-1.7', 'data:,']);
    expect(Object.values(found)).toEqual([
      expect.stringMatching(/^a file cannot be decoded by this browser: it is a HEIC picture; .*\(convert it first/),
      expect.stringMatching(
        /^a file cannot be decoded by this browser: it is a PDF document; expected a PNG, .*\(undefined\)$/,
      ),
      expect.stringMatching(/^a file cannot be decoded by this browser: it is empty \(0 bytes\); /),
    ]);
  });
});
