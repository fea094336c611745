import { readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RgbImage } from '../../clip/image/types.ts';
import { type Extremes, extremesOf, type ImageScore, takeIntoRanking } from '../results/extremes.ts';
import { scoreImage } from '../results/imageScore.ts';
import type { JournalEntry } from '../run/journal.ts';
import { isFile, isFolder } from '../../system/fileKinds.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { encodeJpeg } from '../../pictures/encodeJpeg.ts';
import { sha256 } from '../../system/platform.ts';

/** The worst and the best images of a run so far, with a thumbnail of each on disk. */
export interface Gallery {
  /**
   * Takes an image in and writes its thumbnail if it is among the worst or the best so far. Comes before the image's
   * journal entry, so that no image in the journal lacks its thumbnail.
   * @param mIoU the image's own; one without is neither good nor bad
   * @throws OutputError if the thumbnail cannot be written; whatever `draw` throws
   */
  add(id: string, mIoU: number | null, draw: () => Promise<RgbImage>): Promise<void>;
  /**
   * Deletes thumbnails that were pushed out. Comes after the journal entry: until then a killed run goes back to them.
   */
  settle(): void;
  extremes(): Extremes;
}

const FOLDER = 'thumbnails';
const QUALITY = 70;
/** What `add` and a write of it that was killed leave; other files in the folder are somebody else's. */
const OWN_FILES = /^([0-9a-f]{16}\.jpg|\.rfclip-.*\.tmp)$/;

/**
 * The gallery of a run that has come as far as its journal. Thumbnails of images that are not in it are deleted.
 *
 * @param out the run's folder, which belongs to this process
 * @throws RfclipError if there can be no folder for thumbnails, or an entry holds no counts
 */
export function openGallery(out: string, entries: readonly JournalEntry[]): Gallery {
  const folder = join(out, FOLDER);
  makeOutputFolder(folder);
  const ranking: ImageScore[] = [];
  for (const { id, mIoU } of entries.map(scoreImage)) {
    if (mIoU !== null)
      takeIntoRanking(ranking, {
        id,
        mIoU,
        thumbnail: isFile(join(out, thumbnailPath(id))) ? thumbnailPath(id) : null,
      });
  }
  discardOthers(out, ranking);

  let pushedOut: string[] = [];
  return {
    add: async (id, mIoU, draw) => {
      if (mIoU === null) return;
      const lost = takeIntoRanking(ranking, { id, mIoU, thumbnail: thumbnailPath(id) });
      if (lost?.id === id) return;
      await atomicWrite(join(out, thumbnailPath(id)), encodeJpeg(await draw(), QUALITY));
      if (lost !== undefined) pushedOut.push(join(out, thumbnailPath(lost.id)));
    },
    settle: () => {
      pushedOut.forEach(discard);
      pushedOut = [];
    },
    extremes: () => extremesOf(ranking),
  };
}

/**
 * Copies the thumbnails of merged results into the merged result's folder. Those of an earlier merge that are no longer
 * named are deleted.
 *
 * @param parts what was merged, and where it lies
 * @param out must exist, and be the folder of none of the parts
 * @returns the extremes with the thumbnails that there are now; null where the part's folder has none
 * @throws OutputError if one cannot be written
 */
export async function gatherThumbnails(
  { worst, best }: Extremes,
  parts: readonly { folder: string; extremes: Extremes }[],
  out: string,
): Promise<Extremes> {
  const sources = new Map(
    parts.flatMap(({ folder, extremes }) =>
      [...extremes.worst, ...extremes.best].map(({ id, thumbnail }) => [
        id,
        thumbnail === null ? undefined : join(folder, thumbnail),
      ]),
    ),
  );
  const gather = async (scores: readonly ImageScore[]) => {
    const gathered: ImageScore[] = [];
    for (const score of scores) {
      const content = await readIfThere(sources.get(score.id));
      if (content !== undefined) {
        makeOutputFolder(join(out, FOLDER));
        await atomicWrite(join(out, thumbnailPath(score.id)), content);
      }
      gathered.push({ ...score, thumbnail: content === undefined ? null : thumbnailPath(score.id) });
    }
    return gathered;
  };
  const gathered = { worst: await gather(worst), best: await gather(best) };
  if (isFolder(join(out, FOLDER))) discardOthers(out, [...gathered.worst, ...gathered.best]);
  return gathered;
}

/** Ids have slashes and may be longer than file names; 64 bits of their hash keep apart the few images of a gallery. */
function thumbnailPath(id: string): string {
  return `${FOLDER}/${sha256(id).slice(0, 16)}.jpg`;
}

/** Shards are copied from machine to machine, often without their pictures; results do not depend on them. */
async function readIfThere(path: string | undefined): Promise<Uint8Array | undefined> {
  return path !== undefined && isFile(path) ? readFile(path).catch(() => undefined) : undefined;
}

function discardOthers(out: string, named: readonly ImageScore[]): void {
  const kept = new Set(named.map(({ thumbnail }) => thumbnail));
  for (const name of readdirSync(join(out, FOLDER)))
    if (OWN_FILES.test(name) && !kept.has(`${FOLDER}/${name}`)) discard(join(out, FOLDER, name));
}

/** A file that cannot be deleted does no harm: results name the thumbnails that count. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    return;
  }
}
