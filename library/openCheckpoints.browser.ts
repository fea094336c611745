import { companion, forgetBlob, nameBlob } from '../clip/checkpoint/randomAccessFile.browser.ts';
import { RfclipError } from '../engine/errors.ts';
import { EMBEDDED_CHECKPOINT, PLANTED_CHECKPOINT } from '../rfclip/embeddedFile.browser.ts';
import { basename } from '../system/platform.browser.ts';
import { DownloadError } from '../weights/downloadError.ts';
import { findKnownCheckpoint } from '../weights/knownCheckpoints.ts';
import { findShippedCheckpoint } from '../weights/shippedCheckpoints.ts';
import { describe } from './describe.ts';
import type { ModelOptions } from './modelOptions.ts';
import type { Stage } from './progress.ts';

type Source = NonNullable<ModelOptions['checkpoint']>;

/** Headers of deltas have a few KB; of what has a larger one, nothing is read ahead. */
const MOST_DELTA_HEADER = 1 << 20;

/**
 * What the wanted networks are called in progress events; undefined for the embedded CLIP, and for no DINO.
 * @throws RfclipError (`RFCLIP-OPTIONS`) for what cannot be opened in a browser
 */
export function checkSources({ checkpoint, dino }: ModelOptions): { checkpoint?: string; dino?: string } {
  return { checkpoint: checkSource('checkpoint', checkpoint), dino: checkSource('dino', dino) };
}

function checkSource(option: string, source: ModelOptions['checkpoint']): string | undefined {
  if (source === undefined) return undefined;
  const isOther = typeof source !== 'string' && hrefOf(source) === undefined;
  if (isOther && !(source instanceof Blob) && !(source instanceof ArrayBuffer)) {
    throw refused(option, `is ${describe(source)}, expected a File, a Blob, an address or an ArrayBuffer`);
  }
  const known = typeof source === 'string' ? findKnownCheckpoint(source) : undefined;
  if (known !== undefined) {
    throw refused(
      option,
      `is ${known.name}, whose publisher lets no page read it; download ${known.url} and give its File`,
    );
  }
  return nameOf(source);
}

/**
 * A name under which the weights can be opened. Those of an address are fetched first, into a Blob of the browser's,
 * and with a delta the file that it changes, from beside it.
 * @throws DownloadError; the signal's reason once it is aborted
 */
export async function locateCheckpoint(
  source: Source,
  stage: Stage,
  { signal }: Pick<ModelOptions, 'signal'>,
): Promise<string> {
  if (source instanceof Blob) return nameBlob(source, nameOf(source));
  if (source instanceof ArrayBuffer) return nameBlob(new Blob([source]), nameOf(source));
  const given = typeof source === 'string' ? source : hrefOf(source)!;
  const url = findShippedCheckpoint(given)?.path ?? given;
  stage.download();
  // Of these two files, the other one is the long one.
  const blob = await fetchBlob(url, url === PLANTED_CHECKPOINT ? undefined : stage, signal);
  const base = await baseOf(blob);
  if (base === undefined) return nameBlob(blob, url);
  const address = url === PLANTED_CHECKPOINT ? EMBEDDED_CHECKPOINT : new URL(base, new URL(url, location.href)).href;
  const other = await fetchBlob(address, stage, signal);
  const path = nameBlob(blob, url);
  nameBlob(other, companion(path, base), await sha256Of(other));
  return path;
}

/** The name of the file that this one changes, if it is a delta, which says so in its header. */
async function baseOf(blob: Blob): Promise<string | undefined> {
  const length = new DataView(await blob.slice(0, 8).arrayBuffer());
  const bytes = length.byteLength < 8 ? 0 : Number(length.getBigUint64(0, true));
  if (bytes > MOST_DELTA_HEADER) return undefined;
  try {
    const header = JSON.parse(await blob.slice(8, 8 + bytes).text()) as { __metadata__?: { delta_base?: unknown } };
    const name = header.__metadata__?.delta_base;
    return typeof name === 'string' ? name : undefined;
  } catch {
    // Opening it says what it is.
    return undefined;
  }
}

/** SHA-256 in hexadecimal; for this, the file is in memory as a whole. */
async function sha256Of(blob: Blob): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Ends the use of a checkpoint that was located: its name stands for nothing any more. */
export function releaseCheckpoint(path: string): void {
  forgetBlob(path);
}

function nameOf(source: Source): string {
  if (typeof source === 'string') return source;
  const { name } = source as { name?: unknown };
  return hrefOf(source) ?? (typeof name === 'string' ? basename(name) : 'the checkpoint');
}

function hrefOf(source: Exclude<Source, string>): string | undefined {
  const isUrl = source !== null && typeof source === 'object' && 'href' in source;
  return isUrl && typeof source.href === 'string' ? source.href : undefined;
}

async function fetchBlob(url: string, stage: Stage | undefined, signal: ModelOptions['signal']): Promise<Blob> {
  const fix =
    url === EMBEDDED_CHECKPOINT || url === PLANTED_CHECKPOINT
      ? `serve the file dist/clip/weights/${basename(url)} of the package there, or give its address as checkpoint`
      : undefined;
  const failed = (problem: string, cause?: unknown) => new DownloadError(url, problem, { cause, fix });
  try {
    const response = await fetch(url, { signal: signal as AbortSignal | undefined });
    if (!response.ok) throw failed(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    const total = Number(response.headers.get('content-length') ?? 0);
    let received = 0;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        stage?.advance((received += chunk.length), Math.max(total, received) === total ? total : undefined);
        controller.enqueue(chunk);
      },
    });
    return await new Response(response.body?.pipeThrough(counter)).blob();
  } catch (error) {
    if (signal?.aborted === true || error instanceof RfclipError) throw error;
    throw failed(error instanceof Error ? error.message : String(error), error);
  }
}

function refused(option: string, problem: string): RfclipError {
  return new RfclipError(`the option ${option} of Model.open ${problem}`, { code: 'RFCLIP-OPTIONS', where: option });
}
