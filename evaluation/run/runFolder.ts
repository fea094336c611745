import { join } from 'node:path';
import { lockDraftNames } from '../../system/fileLock.ts';
import { isFile } from '../../system/fileKinds.ts';
import { removeStaleFiles, TEMPORARY_NAME } from '../../system/temporaryFiles.ts';
import { EvaluationError } from '../evaluationError.ts';
import { type AnyEntry, type Journal, type JournalEntry, openJournal } from './journal.ts';
import { differences, readManifest, type RunManifest } from './manifest.ts';
import { lockRun } from './runLock.ts';
import type { AbortSignalLike } from '../../system/abortSignal.ts';

/** A run folder that belongs to this process until it is closed. */
export interface RunFolder<Entry extends AnyEntry = JournalEntry> {
  journal: Journal<Entry>;
  /** Path of the journal, for errors. */
  journalPath: string;
  /** What the run was started with; its adapter may be another one than now. */
  manifest: RunManifest;
  /** Closes the journal and lets others in. */
  close(): void;
}

/**
 * Starts a run in a folder or goes on with the one in it: lock, manifest, journal, in this order. Temporary files that
 * a killed run left there are removed.
 *
 * @param folder must exist
 * @param options.resume go on with a run that is there; without one, start
 * @param options.write writes the manifest so that its name never stands for half of it
 * @param options.note is told about a minute of waiting, as `lockRun` does it
 * @param options.signal ends that minute
 * @throws EvaluationError if another process works in the folder, there is a run and `resume` was not asked for, the
 *   run was of something else (naming the first difference), its files are damaged, or the signal ended the wait
 */
export async function openRunFolder<Entry extends AnyEntry = JournalEntry>(
  folder: string,
  manifest: RunManifest,
  options: {
    resume: boolean;
    write: (path: string, text: string) => Promise<void>;
    note?: (line: string) => void;
    signal?: AbortSignalLike;
  },
): Promise<RunFolder<Entry>> {
  const [manifestPath, journalPath] = [join(folder, 'manifest.json'), join(folder, 'journal.ndjson')];
  const lock = await lockRun(join(folder, 'run.lock'), { note: options.note, signal: options.signal });
  try {
    removeStaleFiles(folder, [TEMPORARY_NAME, lockDraftNames('run.lock')]);
    const before = readManifest(manifestPath);
    if (before !== undefined && !options.resume) {
      throw new EvaluationError(`${folder} holds a run already`, folder, {
        fix: 'go on with it, with --resume or the option resume, or choose another folder',
      });
    }
    if (before !== undefined) {
      const [difference] = differences(manifest, before);
      if (difference !== undefined) {
        throw new EvaluationError(`the run in ${folder} cannot go on, because ${difference}`, folder, {
          fix: 'repeat the command that started it, or choose another folder',
        });
      }
    } else {
      if (isFile(journalPath))
        throw new EvaluationError(
          `${folder} holds a journal without its manifest.json, so nobody knows what it counts`,
          folder,
          { fix: 'choose another folder' },
        );
      await options.write(manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
    }
    const journal = openJournal<Entry>(journalPath);
    const append: Journal<Entry>['append'] = (entry) => {
      lock.assertHeld();
      journal.append(entry);
    };
    const close = () => {
      journal.close();
      lock.release();
    };
    return { journal: { ...journal, append }, journalPath, manifest: before ?? manifest, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}
