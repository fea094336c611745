import { RfclipError } from '../engine/errors.ts';
import { makeProblem } from './asOutputError.ts';
import { describeHolder, type LockHolder } from './lockHolder.ts';

/**
 * What is wrong with a lock: another process `held` it, it was `lost` to another one, its file is `unwritable`, or
 * waiting for its holder was `interrupted`.
 */
export type LockProblem = 'held' | 'lost' | 'unwritable' | 'interrupted';

/** A lock that was not got or not kept. Whoever locks something says in words of its own what that means for it. */
export class LockError extends RfclipError {
  readonly problem: LockProblem;
  /** Who has it; undefined where nobody does, or the file does not tell. */
  readonly holder: LockHolder | undefined;
  /** The lock file. */
  readonly path: string;

  constructor(problem: LockProblem, path: string, details: { holder?: LockHolder; cause?: unknown } = {}) {
    const { holder, cause } = details;
    super(sentence(problem, path, holder, cause), { code: 'RFCLIP-LOCK', where: path, cause });
    this.problem = problem;
    this.holder = holder;
    this.path = path;
  }
}

function sentence(problem: LockProblem, path: string, holder: LockHolder | undefined, cause: unknown): string {
  const who = describeHolder(holder);
  switch (problem) {
    case 'held':
      return `${path} is held by ${who}`;
    case 'lost':
      return `${path} was taken over by ${who}, because this process showed no sign of life for a while`;
    case 'unwritable':
      return `the lock file ${path} cannot be made${makeProblem(cause)}`;
    case 'interrupted':
      return `interrupted while waiting for ${who}, which holds ${path}`;
  }
}
