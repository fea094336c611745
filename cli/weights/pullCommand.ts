import type { Command } from 'commander';
import { findKnownCheckpoint, KNOWN_CHECKPOINTS, type KnownCheckpoint } from '../../weights/knownCheckpoints.ts';
import { pullCheckpoint, type PulledCheckpoint } from '../../weights/pullCheckpoint.ts';
import { findShippedCheckpoint } from '../../weights/shippedCheckpoints.ts';
import { transferProgress } from '../../weights/transferProgress.ts';
import type { Reporter } from '../../system/reporter.ts';
import { makeConsole } from '../console.ts';
import { RequestError } from '../../system/requestError.ts';

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
      if (findShippedCheckpoint(name) !== undefined)
        throw new RequestError(`checkpoint ${name} ships with rfclip, expected one that is pulled`, name);
      const known = findKnownCheckpoint(name);
      if (known === undefined)
        throw new RequestError(
          `there is no known checkpoint ${name}, expected one of ` +
            `${KNOWN_CHECKPOINTS.map((one) => one.name).join(', ')}`,
          name,
        );
      await pull(known, flags);
    });
}

async function pull(known: KnownCheckpoint, flags: { force?: boolean; json?: boolean }): Promise<void> {
  const console = makeConsole({ json: flags.json === true });
  const { path, downloaded, sha256 } = await pullWithProgress(known, console, flags.force);
  if (!downloaded) {
    console.result(`${known.name} is there already: ${path}`);
    console.json({ name: known.name, path, downloaded });
    return;
  }
  const checked = known.sha256 !== undefined;
  if (!checked) {
    console.note(
      `note: ${known.publisher} publishes no SHA-256 for ${known.name}; only the length and the format were checked`,
    );
  }
  console.result(`${known.name}: ${path}`);
  console.result(`SHA-256 ${sha256}${checked ? ' (as published)' : ''}`);
  console.json({ name: known.name, path, downloaded, sha256, sha256Published: checked });
}

/** Pulls a checkpoint and tells how far it is. @throws as `pullCheckpoint` */
export async function pullWithProgress(
  known: KnownCheckpoint,
  reporter: Reporter,
  force?: boolean,
): Promise<PulledCheckpoint> {
  const progress = transferProgress(reporter, known.name);
  try {
    return await pullCheckpoint(known, {
      ...progress,
      force,
      onStart: (url) => reporter.note(`${known.name} from ${url}`),
    });
  } finally {
    progress.stop();
  }
}
