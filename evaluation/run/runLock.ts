import { type FileLock, lockFile, type LockOptions } from '../../system/fileLock.ts';
import { LockError } from '../../system/lockError.ts';
import { describeHolder } from '../../system/lockHolder.ts';
import { EvaluationError } from '../evaluationError.ts';

/**
 * Claims a run folder for this process, so that no image is counted by two, as `lockFile` does it.
 *
 * @param path of the lock file in the folder
 * @returns the claim; its `assertHeld` throws EvaluationError if another run has taken the folder over
 * @throws EvaluationError while another run holds it, if the signal ended the wait, or if the file cannot be written
 */
export async function lockRun(path: string, options: LockOptions = {}): Promise<FileLock> {
  try {
    const lock = await lockFile(path, options);
    return {
      assertHeld() {
        try {
          lock.assertHeld();
        } catch (error) {
          throw inWordsOfARun(error);
        }
      },
      release: () => lock.release(),
    };
  } catch (error) {
    throw inWordsOfARun(error);
  }
}

function inWordsOfARun(error: unknown): unknown {
  if (!(error instanceof LockError)) return error;
  const { path, holder, message } = error;
  switch (error.problem) {
    case 'held':
      return new EvaluationError(`the folder of ${path} is in use by another run (${describeHolder(holder)})`, path, {
        fix: `if there is none, delete ${path}`,
        cause: error,
      });
    case 'lost':
      return new EvaluationError(
        `the folder of ${path} was taken over by another run (${describeHolder(holder)}), because this one ` +
          `showed no sign of life for a while`,
        path,
        { fix: 'what was done is kept, and the other run goes on with it', cause: error },
      );
    default:
      return new EvaluationError(message, path, { cause: error });
  }
}
