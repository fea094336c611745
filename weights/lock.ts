import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DownloadError } from './downloadError.ts';

/**
 * Runs `body` while `TARGET.lock` names this process, so that two downloads never write the same partial file. A lock
 * whose process has ended is taken over.
 * @throws DownloadError while another process holds it.
 */
export async function withLock<Result>(target: string, url: string, body: () => Promise<Result>): Promise<Result> {
  const lock = `${target}.lock`;
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(lock, `${process.pid}`, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new DownloadError(url, `${lock} cannot be written (${(error as NodeJS.ErrnoException).code})`, {
          cause: error,
        });
      const holder = Number(readOrEmpty(lock));
      if (attempt > 0 || isRunning(holder))
        throw new DownloadError(url, `another download of it is running (process ${holder})`, {
          fix: `if there is none, delete ${lock}`,
        });
      rmSync(lock, { force: true });
    }
  }
  try {
    return await body();
  } finally {
    rmSync(lock, { force: true });
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isRunning(process_: number): boolean {
  if (!Number.isSafeInteger(process_) || process_ <= 0 || process_ === process.pid) return false;
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
