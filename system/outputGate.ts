import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { RfclipError } from '../engine/errors.ts';
import { isOwnFile } from './ownFiles.ts';

/** All that a command is going to write, and what must not be replaced by it. */
export interface PlannedOutputs {
  /** Paths of the files. */
  files: readonly string[];
  /** Paths of files that the command reads. */
  inputs?: readonly string[];
  /** Folders in which the images and the label maps of a data set lie: no file is written among those. */
  dataFolders?: readonly string[];
  /** Replace everything all the same. */
  overwrite?: boolean;
}

/** What stands where a file is to be written. */
export type Standing = 'nothing' | 'own' | 'foreign' | 'broken link';

/** What is known of one planned file. */
export interface OutputFacts {
  path: string;
  standing: Standing;
  /** The input that it is, by whatever name. */
  input?: string;
  /** The folder of the data set that it would lie in. */
  dataFolder?: string;
}

const WAY_OUT =
  'choose another folder or name, or replace what is there with --overwrite ({ overwrite: true } in the library)';

/** A file that would be lost. Nothing was written yet. */
class OverwriteError extends RfclipError {
  constructor(message: string, where: string) {
    super(message, {
      code: 'RFCLIP-OVERWRITE',
      where,
      fix: WAY_OUT,
    });
  }
}

/**
 * The gate that every output passes before the first is written: no file may replace an input, go among the files of a
 * data set, or replace a file that rfclip did not make, unless `overwrite` says so. Earlier results of rfclip are
 * replaced. Files are told by what they are and not by their names, so links, hard links, relative paths and file
 * systems that take no notice of case make no difference.
 * @throws OverwriteError naming the first file that would be lost, and how many more
 */
export function checkOutputs(plan: PlannedOutputs): void {
  if (plan.overwrite === true) return;
  const objections = gatherFacts(plan).flatMap((facts) => {
    const objection = objectionTo(facts);
    return objection === undefined ? [] : [{ path: facts.path, objection }];
  });
  if (objections.length === 0) return;
  const [{ path, objection }] = objections;
  const more = objections.length - 1;
  throw new OverwriteError(
    more === 0 ? objection : `${objection}; the same goes for ${more} more ${more === 1 ? 'file' : 'files'}`,
    path,
  );
}

/** Why a file must not be written; undefined where it may be. */
export function objectionTo({ path, standing, input, dataFolder }: OutputFacts): string | undefined {
  if (input !== undefined)
    return `${path} would be replaced, but it is an input of this run${input === path ? '' : ` (${input})`}`;
  if (dataFolder !== undefined)
    return `${path} would be written among the files of the data set, which lie in ${dataFolder}`;
  if (standing === 'foreign') return `${path} would be replaced, but rfclip did not make it`;
  if (standing === 'broken link') return `${path} would be replaced, but it is a link to a file that is not there`;
  return undefined;
}

function gatherFacts({ files, inputs = [], dataFolders = [] }: PlannedOutputs): OutputFacts[] {
  const folders = new Map(dataFolders.map((folder) => [identityOf(folder), folder]));
  const folderOf = new Map<string, string | undefined>();
  let inputOf: Map<string | undefined, string> | undefined;
  return [...new Set(files)].map((path) => {
    const parent = dirname(path);
    if (!folderOf.has(parent)) folderOf.set(parent, folders.get(identityOf(parent) ?? 'none'));
    const identity = identityOf(path);
    // Thousands of inputs are only looked at where a file might be one.
    if (identity !== undefined) inputOf ??= new Map(inputs.map((input) => [identityOf(input), input]));
    return {
      path,
      dataFolder: folderOf.get(parent),
      input: identity === undefined ? undefined : inputOf?.get(identity),
      standing: standingOf(path, identity),
    };
  });
}

function standingOf(path: string, identity: string | undefined): Standing {
  if (identity === undefined) return isLink(path) ? 'broken link' : 'nothing';
  const status = statSync(path);
  // A folder is refused when it is written to; pipes and devices such as /dev/stdout lose nothing.
  if (status.isDirectory() || status.isFIFO() || status.isCharacterDevice() || status.isSocket()) return 'nothing';
  return isOwnFile(path) ? 'own' : 'foreign';
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Equal for all names of one file; undefined where there is none, or none may be looked at. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}

/** Whether two names, of which neither needs to exist, lead to one place. */
export function isSamePlace(one: string, other: string): boolean {
  return placeOf(resolve(one)) === placeOf(resolve(other));
}

function placeOf(path: string): string {
  const identity = identityOf(path);
  if (identity !== undefined) return identity;
  return dirname(path) === path ? path : `${placeOf(dirname(path))}/${basename(path)}`;
}
