import { CheckpointError, type CheckpointFile, type CheckpointNaming } from '../checkpointFile.ts';
import { elementCount } from '../storedValues.ts';
import { withoutWrappers } from './innerWrappers.ts';
import type { TensorSource } from './renamedCheckpoint.ts';

/** A network inside of a weight file: tensors with a common beginning of their names. */
export interface Subtree {
  /** What the names begin with; for towers that lie apart, both beginnings. */
  prefix: string;
  naming: CheckpointNaming;
  /** What each presented name stands for. */
  sources: Map<string, TensorSource>;
  /** Whether all is there that its kind of network has. */
  whole: boolean;
}

/** More networks of one kind than any file holds. */
const MAX_SUBTREES = 8;
/** Fifty times those of a large language model with its optimizer's state. */
const MAX_TENSORS = 100_000;

/** What training programs call copies of a network, the less wanted the later. */
const COPIES: readonly RegExp[] = [/teacher/i, /(^|[._])(ema|swa|avg|averaged?|momentum|shadow)([._]|$)/i, /student/i];

/** What names begin with before one of `anchors`, which stands there alone or after a dot. */
export function prefixesBefore(names: Iterable<string>, anchors: readonly string[]): Set<string> {
  const prefixes = new Set<string>();
  for (const name of names) {
    for (const anchor of anchors) {
      if (prefixes.size >= MAX_SUBTREES) return prefixes;
      if (name === anchor || name.endsWith(`.${anchor}`)) prefixes.add(name.slice(0, -anchor.length));
    }
  }
  return prefixes;
}

/**
 * Every name that a tensor of the file has or would have if it could be read.
 * @throws CheckpointError for absurdly many, among which looking for a network would take long.
 */
export function allNames(file: CheckpointFile): string[] {
  const { size } = file.tensors;
  if (size <= MAX_TENSORS) return [...file.tensors.keys(), ...(file.unusable?.keys() ?? [])];
  throw new CheckpointError(
    `checkpoint ${file.path} has ${size} tensors, at most ${MAX_TENSORS} are looked at`,
    file.path,
  );
}

/**
 * The best of several networks first: whole ones, those in the dictionary that training programs keep weights in, then
 * the largest; of equal ones no copy by averaging or teaching, and those that come first in the file.
 */
export function inOrder(file: CheckpointFile, subtrees: readonly Subtree[]): Subtree[] {
  const main = file.main ?? '';
  const rated = subtrees.map((subtree) => ({
    subtree,
    inMain: subtree.prefix.startsWith(main),
    values: countValues(file, subtree),
    copy: COPIES.findIndex((pattern) => pattern.test(subtree.prefix)),
  }));
  rated.sort(
    (a, b) =>
      Number(b.subtree.whole) - Number(a.subtree.whole) ||
      Number(b.inMain) - Number(a.inMain) ||
      b.values - a.values ||
      a.copy - b.copy,
  );
  return rated.map(({ subtree }) => subtree);
}

function countValues(file: CheckpointFile, { sources }: Subtree): number {
  let values = 0;
  for (const { parts } of sources.values())
    for (const part of parts) values += elementCount(file.tensors.get(part)?.shape ?? [0]);
  return values;
}

/**
 * The network that a user means, by what its names begin with; a final dot does not matter, and a beginning of it is
 * enough where there is no other network of exactly that prefix.
 * @param kind for the message, for example `CLIP`
 * @throws CheckpointError, which lists those that there are, when there is none.
 */
export function withPrefix(file: CheckpointFile, subtrees: readonly Subtree[], prefix: string, kind: string): Subtree {
  const asked = withoutWrappers(`${prefix.replace(/\.+$/, '')}.`).slice(0, -1);
  const exact = subtrees.find((subtree) => subtree.prefix.replace(/\.$/, '') === asked);
  const found =
    exact ?? (asked === '' ? undefined : subtrees.find((subtree) => subtree.prefix.startsWith(`${asked}.`)));
  if (found !== undefined) return found;
  const known = subtrees.filter(({ whole }) => whole).map((subtree) => showPrefix(subtree.prefix));
  throw new CheckpointError(
    `checkpoint ${file.path} has no ${kind} whose names begin with ${showPrefix(prefix)}; ` +
      (known.length === 0 ? `it has no ${kind} at all` : `expected ${known.join(' or ')}`),
    file.path,
  );
}

/** A prefix for people. */
export function showPrefix(prefix: string): string {
  return prefix === '' ? '"" (no prefix)' : `"${prefix}"`;
}
