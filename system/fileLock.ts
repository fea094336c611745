import { randomUUID } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, createClaim, isSameClaim, readClaim, touchClaim } from './lockClaim.ts';
import { LockError } from './lockError.ts';
import { describeHolder, isRunning, parseHolder, thisHolder } from './lockHolder.ts';
import type { AbortSignalLike } from './abortSignal.ts';

/** A claim on what a lock file stands for. */
export interface FileLock {
  /**
   * Call it before writing.
   * @throws LockError (`lost`) if another process has taken the lock over, having seen no sign of life of this one
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

/** How `lockFile` waits. */
export interface LockOptions {
  /** Is told that a holder is being watched, before that minute. */
  note?: (line: string) => void;
  /** Ends that minute. */
  signal?: AbortSignalLike;
  timing?: LockTiming;
}

/** The names of the files that a lock of this name is made and taken over through, each with a random part. */
export function lockDraftNames(lockName: string): RegExp {
  const name = lockName.replace(/[^\w]/g, '\\$&');
  return new RegExp(`^${name}\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.(new|old)$`);
}

/**
 * Claims a lock file for this process. A lock whose process has ended on this machine is taken over at once. That of
 * another machine or container, such as a killed cluster job leaves, is watched for a minute and taken over if its
 * holder does not touch it: clocks of two machines differ, but a change is a change. One that names nobody is watched
 * for a beat, because it may be in the making.
 *
 * @param path of the lock file, also on a network file system, and on one without hard links
 * @throws LockError while another process holds it, if the signal ended the wait, or if the file cannot be written
 */
export async function lockFile(path: string, options: LockOptions = {}): Promise<FileLock> {
  const { timing = TIMING } = options;
  const own = JSON.stringify({ ...thisHolder(), claim: randomUUID() });
  if (!createClaim(path, own)) {
    const found = readClaim(path);
    if (found !== undefined) {
      if (await isHeld(path, found, { ...options, timing })) throw heldBy(path, found);
      removeDead(path, found);
    }
    if (!createClaim(path, own)) throw heldBy(path, readClaim(path));
  }
  const beating = setInterval(() => {
    // Of another's claim, and while the file server is away, no sign of life is right.
    if (readClaim(path)?.content === own) touchClaim(path);
  }, timing.beat);
  beating.unref();
  return {
    assertHeld() {
      const now = readClaim(path)?.content;
      if (now === own || (now === undefined && createClaim(path, own))) return;
      throw new LockError('lost', path, { holder: parseHolder(now ?? '') });
    },
    release() {
      clearInterval(beating);
      if (readClaim(path)?.content === own) rmSync(path, { force: true });
    },
  };
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
    `waiting up to ${(timing.beat * patience) / 1000} s for a sign of life of ${describeHolder(holder)}, which holds ` +
      path,
  );
  // Counted in looks and not in time, so that a file server that hangs is no proof of death.
  for (let looks = 0; looks < patience; looks++) {
    await sleep(timing.beat, undefined, { signal: signal as AbortSignal | undefined }).catch((cause: unknown) => {
      throw new LockError('interrupted', path, { holder, cause });
    });
    const now = readClaim(path);
    if (now === undefined) return false;
    if (!isSameClaim(now, claim)) return true;
  }
  return false;
}

/** Renaming is atomic: of two processes that found the same dead holder, one gets the file and the other an error. */
function removeDead(path: string, dead: Claim): void {
  const now = readClaim(path);
  if (now !== undefined && !isSameClaim(now, dead)) throw heldBy(path, now);
  const aside = `${path}.${randomUUID()}.old`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const taken = readClaim(aside);
  const alive = taken !== undefined && !isSameClaim(taken, dead);
  try {
    if (alive) createClaim(path, taken.content);
  } catch {
    // Its holder has made it again.
  } finally {
    rmSync(aside, { force: true });
  }
  if (alive) throw heldBy(path, taken);
}

function heldBy(path: string, claim: Claim | undefined): LockError {
  return new LockError('held', path, { holder: parseHolder(claim?.content ?? '') });
}
