import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { EvaluationError } from './evaluationError.ts';

/**
 * Claims a run folder for this process, so that no image is counted by two. A lock whose process has ended on this machine
 * is taken over; that of another machine cannot be looked at and holds.
 *
 * @param path of the lock file
 * @returns gives the claim up
 * @throws EvaluationError while another process holds it, or if the file cannot be written
 */
export function lockRun(path: string): () => void {
  const own = JSON.stringify({ process: process.pid, host: hostname() });
  if (!create(path, own)) {
    const holder = readOrEmpty(path);
    if (isHeld(holder)) throw heldError(path, holder);
    // Renaming is atomic: of two processes that found the same dead holder, one gets the file and the other an error.
    const aside = `${path}.${process.pid}`;
    try {
      renameSync(path, aside);
    } catch {
      throw heldError(path, readOrEmpty(path));
    }
    const taken = readOrEmpty(aside);
    if (taken !== holder && isHeld(taken)) {
      renameSync(aside, path);
      throw heldError(path, taken);
    }
    rmSync(aside, { force: true });
    if (!create(path, own)) throw heldError(path, readOrEmpty(path));
  }
  return () => rmSync(path, { force: true });
}

/** By a link to a finished file: a lock that others could find empty would look like one that nobody holds. */
function create(path: string, content: string): boolean {
  const draft = `${path}.${process.pid}.new`;
  try {
    writeFileSync(draft, content);
    linkSync(draft, path);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new EvaluationError(`the lock file ${path} cannot be made (${code})`, path, { cause });
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function holderOf(content: string): { process: number; host: string } | undefined {
  try {
    const { process: id, host } = JSON.parse(content) as Record<string, unknown>;
    return Number.isSafeInteger(id) && (id as number) > 0 && typeof host === 'string' ? { process: id as number, host } : undefined;
  } catch {
    return undefined;
  }
}

/** A restarted container often gets the same process number again: its own number is no other process. */
function isHeld(content: string): boolean {
  const holder = holderOf(content);
  if (holder === undefined) return false;
  if (holder.host !== hostname()) return true;
  if (holder.process === process.pid) return false;
  try {
    process.kill(holder.process, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function heldError(path: string, content: string): EvaluationError {
  const holder = holderOf(content);
  const who = holder === undefined ? 'another process' : `process ${holder.process} on ${holder.host}`;
  return new EvaluationError(`the folder of ${path} is in use by another run (${who})`, path, { fix: `if there is none, delete ${path}` });
}
