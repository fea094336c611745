import { copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isFile } from '../../system/fileKinds.ts';
import { makeFolders } from '../../system/makeFolders.ts';
import { asOutputError } from '../../system/asOutputError.ts';
import { checkOutputs } from '../../system/outputGate.ts';
import { RequestError } from '../../system/requestError.ts';
import { checkFile, download, type Published } from '../../weights/download.ts';
import { DownloadError } from '../../weights/downloadError.ts';
import { transferProgress } from '../../weights/transferProgress.ts';
import { ArchiveError } from './archiveError.ts';
import { requireSpace } from './diskNeeds.ts';
import { GrowingFile } from './growingFile.ts';
import type { PullContext } from './pullContext.ts';
import type { Archive } from './sources.ts';
import { Staging } from './staging.ts';
import { unpackFile, unpackGrowing } from './unpackArchive.ts';

/** An archive that lies on the disk, whole and compared with what is on record of it. */
interface FoundArchive {
  path: string;
  sha256: string;
  from: string;
  fetched: boolean;
  /** Whether its files are in the staging folder already. */
  unpacked: boolean;
}

/**
 * Gets an archive, takes out what is wanted, and notes down where it came from. Does nothing where all that is there.
 * @throws DownloadError, ArchiveError, OverwriteError, OutputError, PullError
 */
export async function pullArchive(archive: Archive, context: PullContext): Promise<void> {
  const { record, root, data, archives } = context;
  if (record.isDone(archive.file, root)) return;
  const staging = new Staging(join(archives, `${archive.file}.unpacked`), archive, join(data, root));
  const found = (await findArchive(archive, context)) ?? (await fetchArchive(archive, staging, context));
  await noteSource(archive, found, context);
  let files: string[];
  try {
    if (archive.format === 'file') files = placeFile(archive, found, context);
    else {
      if (!found.unpacked) await unpackFound(found, archive, staging, context);
      files = staging.place(context.overwrite);
    }
  } catch (error) {
    if (error instanceof ArchiveError) discard(found.fetched ? found.path : undefined, staging);
    throw error;
  }
  await record.write(archive.file, { ...record.of(archive.file)!, root, files });
  if (found.fetched && !context.keepArchives) rmSync(found.path, { force: true });
}

/** An archive that somebody fetched by hand, or that an earlier run had fetched whole. */
async function findArchive(archive: Archive, context: PullContext): Promise<FoundArchive | undefined> {
  const { fromArchives, archives, record, reporter } = context;
  const path = [fromArchives, archives]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, archive.file))
    .find(isFile);
  if (path === undefined) return undefined;
  reporter.note(`${archive.file}: found in ${dirname(path)}, checking it`);
  const { sha256, problem } = await checkFile(path, publishedOf(archive, context));
  if (problem !== undefined)
    throw new ArchiveError(path, `it ${problem}`, {
      fix: `move it away, and it is fetched from ${archive.url}, or take it as it is with --unverified`,
    });
  const known = record.of(archive.file);
  const fetched = dirname(path) === archives && known?.fetched === true && known.sha256 === sha256;
  return { path, sha256, from: fetched ? known.from : path, fetched, unpacked: false };
}

/** Downloads an archive, and unpacks it meanwhile. */
async function fetchArchive(archive: Archive, staging: Staging, context: PullContext): Promise<FoundArchive> {
  const { archives, reporter, signal } = context;
  const path = join(archives, archive.file);
  const url = addressOf(archive.url);
  reporter.note(`${archive.file} from ${url}`);
  const growing = new GrowingFile(`${path}.part`, path);
  const unpacking =
    archive.format === 'file'
      ? Promise.resolve(undefined)
      : unpackGrowing(growing, archive, staging).then(
          () => undefined,
          (error: unknown) => error,
        );
  const progress = transferProgress(reporter, archive.file);
  let announced = false;
  let sha256: string;
  try {
    sha256 = await download({
      url,
      target: path,
      ...publishedOf(archive, context),
      ...context.patience,
      ...progress,
      signal,
      onProgress: (received, total) => {
        growing.grow(received);
        if (!announced && total !== undefined) requireSpace(context, total - received + archive.unpacked, archive.file);
        announced ||= total !== undefined;
        progress.onProgress(received, total);
      },
    });
    growing.end();
  } catch (error) {
    growing.fail(error as Error);
    await unpacking;
    throw withWayOut(error, archive);
  } finally {
    progress.stop();
  }
  const failure = await unpacking;
  if (failure instanceof ArchiveError) discard(path, staging);
  if (failure !== undefined) throw failure;
  return { path, sha256, from: archive.url, fetched: true, unpacked: true };
}

async function unpackFound(
  { path, sha256 }: FoundArchive,
  archive: Archive,
  staging: Staging,
  context: PullContext,
): Promise<void> {
  requireSpace(context, archive.unpacked, archive.file);
  staging.belongTo(sha256);
  const progress = transferProgress(context.reporter, `unpacking ${archive.file}`);
  try {
    await unpackFile(path, archive, staging, progress.onProgress);
  } finally {
    progress.stop();
  }
}

/** Puts a file that is no archive in its place. */
function placeFile(archive: Archive, found: FoundArchive, context: PullContext): string[] {
  const [{ to }] = archive.takes;
  const target = join(context.data, context.root, to);
  if (existsSync(target) && statSync(target).size === statSync(found.path).size) return [to];
  checkOutputs({ files: [target], inputs: [found.path], overwrite: context.overwrite });
  try {
    makeFolders(dirname(target));
    if (found.fetched && !context.keepArchives) renameSync(found.path, target);
    else copyFileSync(found.path, target);
  } catch (error) {
    throw asOutputError(error, target);
  }
  return [to];
}

/** Writes down what came, and tells of a change since the last time. */
async function noteSource(archive: Archive, found: FoundArchive, context: PullContext): Promise<void> {
  const { record, reporter } = context;
  const { path, sha256, from, fetched } = found;
  const before = record.of(archive.file);
  const checked = !context.unverified && (archive.sha256 ?? archive.digest) !== undefined;
  if (before !== undefined && before.sha256 !== sha256)
    reporter.note(
      `note: ${archive.file} is another than on ${before.date.slice(0, 10)}: its SHA-256 is ${sha256}, it was ` +
        before.sha256,
    );
  else if (!checked)
    reporter.note(
      `note: ${archive.file} was compared with no checksum; its SHA-256, ${sha256}, is noted down in ${record.path}`,
    );
  const { size: bytes } = statSync(path);
  await record.write(archive.file, { from, bytes, sha256, date: new Date().toISOString(), checked, fetched });
}

function publishedOf({ sha256, digest, bytes }: Archive, { unverified }: PullContext): Published {
  return unverified ? {} : { sha256, digest, bytes };
}

/** The archive, unless somebody else fetched it, and all that came of it; the next attempt begins anew. */
function discard(path: string | undefined, staging: Staging): void {
  if (path !== undefined) rmSync(path, { force: true });
  staging.clear();
}

function withWayOut(error: unknown, { file, url }: Archive): unknown {
  if (!(error instanceof DownloadError) || error.fix !== undefined) return error;
  const byHand = `fetch ${file} (${url}) by other means into a folder and give that to --from-archives`;
  const isOther = error.problem.includes(', expected ');
  return new DownloadError(error.where ?? url, error.problem, {
    cause: error,
    fix: isOther
      ? `${byHand}, or take what the server has with --unverified`
      : `run the command again to go on where it stopped, or ${byHand}`,
  });
}

/** The publisher's address, or a server that stands in for all publishers. */
function addressOf(url: string): string {
  const base = process.env.RFCLIP_DATA_BASE_URL;
  if (base === undefined || base === '') return url;
  if (!URL.canParse(base))
    throw new RequestError(
      `RFCLIP_DATA_BASE_URL is ${base}, expected an address such as http://127.0.0.1:8000`,
      'RFCLIP_DATA_BASE_URL',
    );
  return base.replace(/\/$/, '') + new URL(url).pathname;
}
