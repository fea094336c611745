import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../../clip/image/decodeImage.ts';
import { gatherThumbnails, openGallery } from '../../../evaluation/pictures/gallery.ts';
import { OutputError } from '../../../system/outputError.ts';
import { storeConfusion } from '../../../datasets/confusion.ts';
import {
  EXTREMES_PER_SIDE,
  type Extremes,
  extremesOf,
  mergeExtremes,
  takeIntoRanking,
} from '../../../evaluation/results/extremes.ts';
import type { JournalEntry } from '../../../evaluation/run/journal.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-gallery-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = () => mkdtempSync(join(folder, 'run-'));

/** An image of two classes, of whose 100 pixels of the first `right` were predicted right and none as the second. */
function entryOf(id: string, right: number): JournalEntry {
  const counts = new Float64Array(9);
  counts[0] = right;
  counts[2] = 100 - right;
  return { id, milliseconds: 1, waited: 0, confusion: storeConfusion({ classes: 2, counts }) };
}
const picture = (level: number) => ({ width: 8, height: 8, data: new Uint8Array(192).fill(level) });
const all = ({ worst, best }: Extremes) => [...worst, ...best];
const files = (out: string) => readdirSync(join(out, 'thumbnails')).sort();
/** Which entry a thumbnail shows. */
const shown = (out: string, thumbnail: string | null) =>
  Math.round(decodeImage(readFileSync(join(out, thumbnail!)), 't').data[0]);

/** Evaluates entries, as a run does; what `journal` holds was done before. */
async function run(
  out: string,
  entries: readonly JournalEntry[],
  journal: JournalEntry[] = [],
  killBefore?: { entry: number; when: 'journal' | 'settle' },
): Promise<Extremes> {
  const gallery = openGallery(out, journal);
  for (const [position, entry] of entries.entries()) {
    const right = entry.confusion.cells[0] === 0 ? entry.confusion.cells[1] : 0;
    await gallery.add(entry.id, right / 100, async () => picture(right * 2));
    if (killBefore?.entry === position && killBefore.when === 'journal') break;
    journal.push(entry);
    if (killBefore?.entry === position) break;
    gallery.settle();
  }
  return gallery.extremes();
}

describe('the gallery of a run', () => {
  it(
    'killed at any moment and resumed in any order, has the thumbnails of the worst and the best images and ' +
      'nothing else',
    async () => {
      const images = fc
        .array(fc.nat(100), { minLength: 1, maxLength: 45 })
        .map((rights) => rights.map((right, k) => entryOf(`city ${k % 3}/${k}`, right)));
      const kill = fc.record({ entry: fc.nat(44), when: fc.constantFrom('journal' as const, 'settle' as const) });
      await fc.assert(
        fc.asyncProperty(images, kill, fc.boolean(), async (entries, killBefore, reversed) => {
          const out = place();
          const journal: JournalEntry[] = [];
          await run(out, entries, journal, killBefore);
          // Whatever becomes of the image that was in work, those in the journal still have their thumbnails.
          expect(all(openGallery(out, journal).extremes()).filter(({ thumbnail }) => thumbnail === null)).toEqual([]);
          const done = new Set(journal.map(({ id }) => id));
          const rest = entries.filter(({ id }) => !done.has(id));
          const extremes = await run(out, reversed ? rest.reverse() : rest, journal);
          const ranking: ReturnType<typeof all> = [];
          for (const { id, confusion } of entries)
            takeIntoRanking(ranking, {
              id,
              mIoU: confusion.cells[0] === 0 ? confusion.cells[1] / 100 : 0,
              thumbnail: null,
            });
          const strip = ({ worst, best }: Extremes) =>
            [worst, best].map((list) => list.map(({ id, mIoU }) => ({ id, mIoU })));
          expect(strip(extremes)).toEqual(strip(extremesOf(ranking)));
          expect(files(out)).toEqual(
            all(extremes)
              .map(({ thumbnail }) => thumbnail!.slice('thumbnails/'.length))
              .sort(),
          );
          for (const { mIoU, thumbnail } of all(extremes))
            expect(Math.abs(shown(out, thumbnail) - mIoU * 200)).toBeLessThan(3);
        }),
        { numRuns: 12 },
      );
    },
  );

  it('keeps a thumbnail that is pushed out until the image that pushed it is in the journal', async () => {
    const out = place();
    const gallery = openGallery(out, []);
    for (let k = 0; k < 2 * EXTREMES_PER_SIDE; k++) await gallery.add(`${k}`, k / 100, async () => picture(9));
    gallery.settle();
    await gallery.add('new', 1, async () => picture(9));
    expect([files(out).length, all(gallery.extremes()).length]).toEqual([
      2 * EXTREMES_PER_SIDE + 1,
      2 * EXTREMES_PER_SIDE,
    ]);
    gallery.settle();
    expect(files(out)).toEqual(
      all(gallery.extremes())
        .map(({ thumbnail }) => thumbnail!.slice('thumbnails/'.length))
        .sort(),
    );
  });

  it('deletes what a killed run left of itself, and leaves files of others alone', async () => {
    const out = place();
    await run(out, [entryOf('a', 10)]);
    for (const name of ['0123456789abcdef.jpg', '.rfclip-12-ab.tmp', 'mine.jpg'])
      writeFileSync(join(out, 'thumbnails', name), 'half');
    const extremes = await run(out, [], [entryOf('a', 10)]);
    expect(files(out)).toEqual([all(extremes)[0].thumbnail!.slice('thumbnails/'.length), 'mine.jpg'].sort());
  });

  it('knows images whose thumbnail is gone, but names no file that is not there', async () => {
    const out = place();
    const journal = [entryOf('a', 10), entryOf('b', 20)];
    expect(
      all(await run(out, [entryOf('c', 15)], journal)).map(({ id, thumbnail }) => [id, thumbnail !== null]),
    ).toEqual([
      ['a', false],
      ['c', true],
      ['b', false],
    ]);
  });

  it('takes no notice of an image without labels', async () => {
    const out = place();
    const gallery = openGallery(out, []);
    await gallery.add('a', null, () => expect.unreachable());
    expect([all(gallery.extremes()), files(out)]).toEqual([[], []]);
  });

  it('draws only images that are among the worst and the best so far', async () => {
    const gallery = openGallery(place(), []);
    let drawn = 0;
    for (let k = 0; k < 2 * EXTREMES_PER_SIDE + 1; k++)
      await gallery.add(
        `${k}`,
        k === 2 * EXTREMES_PER_SIDE ? 0.5 : k < EXTREMES_PER_SIDE ? 0 : 1,
        async () => (drawn++, picture(9)),
      );
    expect(drawn).toBe(2 * EXTREMES_PER_SIDE);
  });

  it('a thumbnail that cannot be written is an OutputError, and nothing is left of it', async () => {
    const out = place();
    const gallery = openGallery(out, []);
    rmSync(join(out, 'thumbnails'), { recursive: true });
    await expect(gallery.add('a', 0.5, async () => picture(9))).rejects.toThrow(OutputError);
    writeFileSync(join(out, 'thumbnails'), '');
    await expect(gallery.add('b', 0.5, async () => picture(9))).rejects.toThrow(/thumbnails is not a folder/);
    expect(() => openGallery(out, [])).toThrow(/thumbnails cannot be used/);
    expect(readdirSync(out)).toEqual(['thumbnails']);
  });
});

describe('gatherThumbnails', () => {
  const shards = async (count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, shard) => {
        const out = place();
        const own = Array.from({ length: 40 }, (_image, k) => entryOf(`image ${k}`, (k * 37) % 101)).filter(
          (_entry, k) => k % count === shard,
        );
        return { folder: out, extremes: await run(out, own) };
      }),
    );

  it('copies what the merged result names, and the rest stays behind', async () => {
    const parts = await shards(3);
    const [whole] = await shards(1);
    const out = place();
    const gathered = await gatherThumbnails(mergeExtremes(parts.map(({ extremes }) => extremes)), parts, out);
    expect(gathered).toEqual(whole.extremes);
    expect(files(out)).toEqual(files(whole.folder));
    for (const name of files(out))
      expect(readFileSync(join(out, 'thumbnails', name))).toEqual(readFileSync(join(whole.folder, 'thumbnails', name)));
  });

  it('deletes those of an earlier merge that are no longer named, and leaves files of others alone', async () => {
    const [part] = await shards(1);
    const out = place();
    await gatherThumbnails(part.extremes, [part], out);
    writeFileSync(join(out, 'thumbnails/mine.jpg'), '');
    const {
      worst: [worst],
    } = part.extremes;
    const again = await gatherThumbnails({ worst: [worst], best: [] }, [part], out);
    expect(files(out)).toEqual([again.worst[0].thumbnail!.slice('thumbnails/'.length), 'mine.jpg'].sort());
    await gatherThumbnails({ worst: [], best: [] }, [part], out);
    expect(files(out)).toEqual(['mine.jpg']);
  });

  it('does without thumbnails that are missing or no files', async () => {
    const [part] = await shards(1);
    const [first, second] = part.extremes.worst.map(({ thumbnail }) => join(part.folder, thumbnail!));
    rmSync(first);
    rmSync(second);
    mkdirSync(second);
    const out = place();
    const gathered = await gatherThumbnails(part.extremes, [part], out);
    expect(gathered.worst.map(({ thumbnail }) => thumbnail === null)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(files(out)).toHaveLength(2 * EXTREMES_PER_SIDE - 2);
    rmSync(join(part.folder, 'thumbnails'), { recursive: true });
    const empty = place();
    expect(all(await gatherThumbnails(part.extremes, [part], empty)).every(({ thumbnail }) => thumbnail === null)).toBe(
      true,
    );
    expect(existsSync(join(empty, 'thumbnails'))).toBe(false);
  });
});
