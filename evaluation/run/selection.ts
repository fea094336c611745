import { posix } from 'node:path';
import type { ImagePair, Listing } from '../../datasets/pairs.ts';
import { byCodeUnits } from '../../datasets/pairs.ts';
import { readSplitFile } from '../../datasets/splitFile.ts';
import { EvaluationError } from '../evaluationError.ts';
import { imageListSha256 } from './manifest.ts';
import { itemsOfShard, type Shard } from './shard.ts';

/** An image that was not evaluated, and why in one sentence. */
export interface ImageFailure {
  id: string;
  problem: string;
}

/** The images of one shard of an evaluation. */
export interface Selection {
  /** All images of the evaluation, before sharding. */
  images: { count: number; sha256: string };
  /** Images of the shard, found or not. */
  count: number;
  /** Complete pairs of the shard, sorted by id. */
  pairs: ImagePair[];
  /** Images of the shard that lack a file. */
  missing: ImageFailure[];
}

/**
 * Which images to evaluate. Images that lack a file keep their place in the list, so that shards are the same on
 * machines that have it and machines that have not.
 *
 * @param choice.list file with one id per line; default: all
 * @param choice.limit how many, from the start of the sorted ids
 * @throws EvaluationError if the list names an image that the data set does not have; DatasetError for an unusable list
 */
export function selectImages(listing: Listing, choice: { list?: string; limit?: number; shard: Shard }): Selection {
  const pairs = new Map(listing.pairs.map((pair) => [pair.id, pair]));
  const problems = new Map<string, string>();
  for (const { id, kind, path } of listing.missing) {
    const sentence = `the ${kind === 'label' ? 'label map' : 'image'} ${path} does not exist`;
    problems.set(id, problems.has(id) ? `${problems.get(id)}, and ${sentence}` : sentence);
  }
  const all = [...new Set([...pairs.keys(), ...problems.keys()])].sort(byCodeUnits);
  const listed = choice.list === undefined ? all : idsOfList(choice.list, new Set(all), suffixesOf(listing.pairs));
  const ids = listed.slice(0, choice.limit);
  const own = itemsOfShard(ids, choice.shard);
  return {
    images: { count: ids.length, sha256: imageListSha256(ids) },
    count: own.length,
    pairs: own.flatMap((id) => (problems.has(id) ? [] : [pairs.get(id)!])),
    missing: own.flatMap((id) => (problems.has(id) ? [{ id, problem: problems.get(id)! }] : [])),
  };
}

function idsOfList(list: string, known: ReadonlySet<string>, suffixes: readonly string[]): string[] {
  const ids = readSplitFile(list, { isImage: (id) => known.has(id), suffixes });
  const stranger = ids.find((id) => !known.has(id));
  if (stranger !== undefined)
    throw new EvaluationError(`${list} names ${stranger}, which is no image of the data set`, list);
  return ids;
}

/** What follows the ids in the names of the images. */
function suffixesOf(pairs: readonly ImagePair[]): string[] {
  const suffix = ({ id, image }: ImagePair) => {
    const name = posix.basename(id);
    return image.slice(image.lastIndexOf(name) + name.length);
  };
  return [...new Set(pairs.map(suffix))];
}
