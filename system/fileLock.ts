import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EvaluationError } from '../evaluation/evaluationError.ts';
import { describeHolder, isRunning, parseHolder, thisHolder } from './lockHolder.ts';

/** A claim on a run folder. */
export interface RunLock {
  /**
   * Call it before writing.
   * @throws EvaluationError if another process has taken the folder over, having seen no sign of life of this one
   */
  assertHeld(): void;
  /** Gives the claim up; does nothing where another process holds it by now. */
  release(): void;
}

/** How long a holder that cannot be asked is watched; the product must be longer than a file server is ever silent. */
export interface LockTiming {
  /** Milliseconds between two signs of life. */
  beat: number;
  /** After how many beats without one a holder counts as dead. */
  patience: number;
}

const TIMING: LockTiming = { beat: 10_000, patience: 6 };

/** What file systems without hard links answer, such as FAT, some network shares and, as EISDIR, FAT on Windows. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR'];

/** How `lockRun` waits. */
export interface LockOptions {
  /** Is told that a holder is being watched, before that minute. */
  note?: (line: string) => void;
  /** Ends that minute. */
  signal?: AbortSignal;
  timing?: LockTiming;
}

/** Names of the files that a lock is made and taken over through, each with a random part. */
export const LOCK_DRAFT_NAME = /^run\.lock\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(new|old)$/;

/** What the lock file says, and when its holder last touched it. */
interface Claim {
  content: string;
  touched: number;
}

/**
 * Claims a run folder for this process, so that no image is counted by two. A lock whose process has ended on this
 * machine is taken over at once. That of another machine or container, such as a killed cluster job leaves, is watched
 * for a minute and taken over if its holder does not touch it: clocks of two machines differ, but a change is a change.
 * One that names nobody is watched for a beat, because it may be in the making.
 *
 * @param path of the lock file, also on a network file system
 * @throws EvaluationError while another process holds it, if the signal ended the wait, or if the file cannot be
 *   written
 */
export async function lockRun(path: string, options: LockOptions = {}): Promise<RunLock> {
  const { timing = TIMING } = options;
  const own = JSON.stringify({ ...thisHolder(), claim: randomUUID() });
  if (!create(path, own)) {
    const found = look(path);
    if (found !== undefined) {
      if (await isHeld(path, found, { ...options, timing })) throw heldError(path, found.content);
      removeDead(path, found);
    }
    if (!create(path, own)) throw heldError(path, look(path)?.content ?? '');
  }
  const beating = setInterval(() => {
    // Of another's claim, and while the file server is away, no sign of life is right.
    if (look(path)?.content === own) touch(path);
  }, timing.beat);
  beating.unref();
  return {
    assertHeld() {
      const now = look(path)?.content;
      if (now === own || (now === undefined && create(path, own))) return;
      throw new EvaluationError(
        `the folder of ${path} was taken over by another run (${describeHolder(now ?? '')}), because this one ` +
          `showed no sign of life for a while`,
        path,
        { fix: 'what was done is kept, and the other run goes on with it' },
      );
    },
    release() {
      clearInterval(beating);
      if (look(path)?.content === own) rmSync(path, { force: true });
    },
  };
}

/** By a link to a finished file: a lock that others could find empty would look like one that nobody holds. */
function create(path: string, content: string): boolean {
  // Process numbers are no names here: in containers everybody is number 1.
  const draft = `${path}.${randomUUID()}.new`;
  try {
    writeFileSync(draft, content);
    return linkOrWrite(draft, path, content);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // A file server may answer a repeated request that the first, whose answer was lost, has made the link.
    if (code === 'EEXIST') return look(path)?.content === content;
    throw new EvaluationError(`the lock file ${path} cannot be made (${code})`, path, { cause });
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Where there are no links, the name is claimed first and the text follows. For that moment the lock is empty, which is
 * why others watch an empty one before they take it over.
 */
function linkOrWrite(draft: string, path: string, content: string): true {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (!NO_LINKS.includes(String((error as NodeJS.ErrnoException).code))) throw error;
  }
  const file = openSync(path, 'wx');
  try {
    writeFileSync(file, content);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return true;
}

/** Through an open file, for which a network file system asks its server. */
function look(path: string): Claim | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return { content: readFileSync(file, 'utf8'), touched: fstatSync(file).mtimeMs };
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Gone or unreachable: assertHeld finds out.
  }
}

async function isHeld(
  path: string,
  claim: Claim,
  { note, signal, timing }: LockOptions & { timing: LockTiming },
): Promise<boolean> {
  const holder = parseHolder(claim.content);
  const running = holder === undefined ? undefined : isRunning(holder);
  if (running !== undefined) return running;
  const patience = holder === undefined ? 1 : timing.patience;
  note?.(
    `waiting up to ${(timing.beat * patience) / 1000} s for a sign of life of ${describeHolder(claim.content)}, ` +
      `which holds ${path}`,
  );
  // Counted in looks and not in time, so that a file server that hangs is no proof of death.
  for (let looks = 0; looks < patience; looks++) {
    await sleep(timing.beat, undefined, { signal }).catch((cause: unknown) => {
      throw new EvaluationError(
        `interrupted while waiting for ${describeHolder(claim.content)}, which holds ${path}`,
        path,
        { cause },
      );
    });
    const now = look(path);
    if (now === undefined) return false;
    if (!isSame(now, claim)) return true;
  }
  return false;
}

/** Renaming is atomic: of two processes that found the same dead holder, one gets the file and the other an error. */
function removeDead(path: string, dead: Claim): void {
  const now = look(path);
  if (now !== undefined && !isSame(now, dead)) throw heldError(path, now.content);
  const aside = `${path}.${randomUUID()}.old`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const taken = look(aside);
  const alive = taken !== undefined && !isSame(taken, dead);
  try {
    if (alive) create(path, taken.content);
  } catch {
    // Its holder has made it again.
  } finally {
    rmSync(aside, { force: true });
  }
  if (alive) throw heldError(path, taken.content);
}

function isSame(one: Claim, other: Claim): boolean {
  return one.content === other.content && one.touched === other.touched;
}

function heldError(path: string, content: string): EvaluationError {
  return new EvaluationError(`the folder of ${path} is in use by another run (${describeHolder(content)})`, path, {
    fix: `if there is none, delete ${path}`,
  });
}
