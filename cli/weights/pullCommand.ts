import { existsSync, renameSync } from 'node:fs';
import type { Command } from 'commander';
import { openRawCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { CheckpointError } from '../../clip/checkpoint/checkpointFile.ts';
import { RfclipError } from '../../engine/errors.ts';
import { type Console, makeConsole } from '../console.ts';
import { UsageError } from '../failure.ts';
import { download } from '../../weights/download.ts';
import { DownloadError } from '../../weights/downloadError.ts';
import { findKnownCheckpoint, KNOWN_CHECKPOINTS, type KnownCheckpoint } from '../../weights/knownCheckpoints.ts';
import { pulledPath } from '../../weights/resolveCheckpoint.ts';

const MB = 1e6;
/** Steps of the progress bar. */
const STEPS = 20;

/** Adds `rfclip weights pull`. */
export function addPullCommand(weights: Command): void {
  weights
    .command('pull')
    .description('download a known checkpoint into the cache folder; goes on where an earlier attempt stopped')
    .argument('<name>', KNOWN_CHECKPOINTS.map(({ name }) => name).join(', '))
    .option('--force', 'download it even if it is there')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      '\nEnvironment:\n  RFCLIP_CACHE_DIR         folder of all caches\n  RFCLIP_WEIGHTS_BASE_URL  for tests and ' +
        'mirrors: replaces the scheme and host of the address',
    )
    .action(async (name: string, flags: { force?: boolean; json?: boolean }) => {
      const known = findKnownCheckpoint(name);
      if (known === undefined)
        throw new UsageError(
          `there is no known checkpoint ${name}, expected one of ` +
            `${KNOWN_CHECKPOINTS.map((one) => one.name).join(', ')}`,
          name,
        );
      await pull(known, flags);
    });
}

async function pull(known: KnownCheckpoint, flags: { force?: boolean; json?: boolean }): Promise<void> {
  const console = makeConsole({ json: flags.json === true });
  const path = pulledPath(known);
  if (existsSync(path) && flags.force !== true) {
    console.result(`${known.name} is there already: ${path}`);
    console.json({ name: known.name, path, downloaded: false });
    return;
  }
  const url = addressOf(known);
  console.note(`${known.name} from ${url}`);
  const sha256 = await fetchWithProgress(known, url, path, console);
  if (known.sha256 === undefined) {
    checkOpens(path, url);
    console.note(
      `note: ${known.publisher} publishes no SHA-256 for ${known.name}; only the length and the format were checked`,
    );
  }
  console.result(`${known.name}: ${path}`);
  console.result(`SHA-256 ${sha256}${known.sha256 === undefined ? '' : ' (as published)'}`);
  console.json({ name: known.name, path, downloaded: true, sha256, sha256Published: known.sha256 !== undefined });
}

async function fetchWithProgress(
  known: KnownCheckpoint,
  url: string,
  target: string,
  console: Console,
): Promise<string> {
  const progress = console.progress(known.name, STEPS);
  const started = performance.now();
  let first: number | undefined;
  let step = 0;
  try {
    return await download({
      url,
      target,
      sha256: known.sha256,
      onProgress: (received, total) => {
        first ??= received;
        if (total === undefined) return;
        for (; step < Math.floor((STEPS * received) / total); step++) {
          const speed = (received - first) / (performance.now() - started) / 1000;
          progress.step(`${(received / MB).toFixed(0)} of ${(total / MB).toFixed(0)} MB, ${speed.toFixed(1)} MB/s`);
        }
      },
      onRetry: (reason, milliseconds) =>
        console.note(`${reason}; trying again in ${(milliseconds / 1000).toFixed(1)} s`),
      onWait: console.note,
    });
  } catch (error) {
    if (!(error instanceof DownloadError) || error.fix !== undefined) throw error;
    const published = known.sha256 === undefined ? '' : ` (SHA-256 ${known.sha256})`;
    throw new RfclipError(error.message, {
      code: error.code,
      where: url,
      cause: error,
      fix:
        `run the command again to go on where it stopped, or fetch ${known.url}${published} by other means and ` +
        `give its path to --checkpoint`,
    });
  } finally {
    progress.stop();
  }
}

/** Where nothing else can be checked, at least it must be a weight file. A file that is none is set aside. */
function checkOpens(path: string, url: string): void {
  try {
    openRawCheckpoint(path).close();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    renameSync(path, `${path}.bad`);
    throw new DownloadError(url, `what came is no weight file (${error.message})`, {
      cause: error,
      fix: `it was kept as ${path}.bad`,
    });
  }
}

/** The published address, or a server that stands in for all publishers. */
function addressOf(known: KnownCheckpoint): string {
  const base = process.env.RFCLIP_WEIGHTS_BASE_URL;
  if (base === undefined || base === '') return known.url;
  if (!URL.canParse(base))
    throw new UsageError(
      `RFCLIP_WEIGHTS_BASE_URL is ${base}, expected an address such as http://127.0.0.1:8000`,
      'RFCLIP_WEIGHTS_BASE_URL',
    );
  return base.replace(/\/$/, '') + new URL(known.url).pathname;
}
