import { forgetBlob, nameBlob } from '../clip/checkpoint/randomAccessFile.browser.ts';
import { RfclipError } from '../engine/errors.ts';
import { EMBEDDED_CHECKPOINT } from '../rfclip/embeddedFile.browser.ts';
import { basename } from '../system/platform.browser.ts';
import { DownloadError } from '../weights/downloadError.ts';
import { findKnownCheckpoint } from '../weights/knownCheckpoints.ts';
import { describe } from './describe.ts';
import type { ModelOptions } from './modelOptions.ts';
import type { Stage } from './progress.ts';

type Source = NonNullable<ModelOptions['checkpoint']>;

/**
 * What the wanted CLIP is called in progress events; undefined for the embedded one.
 * @throws RfclipError (`RFCLIP-OPTIONS`) for what cannot be opened in a browser
 */
export function checkSources({ checkpoint, dino }: ModelOptions): string | undefined {
  if (dino !== undefined) throw refused('dino', 'is not read in a browser yet; the method cass is for Node');
  if (checkpoint === undefined) return undefined;
  const isOther = typeof checkpoint !== 'string' && hrefOf(checkpoint) === undefined;
  if (isOther && !(checkpoint instanceof Blob) && !(checkpoint instanceof ArrayBuffer)) {
    throw refused('checkpoint', `is ${describe(checkpoint)}, expected a File, a Blob, an address or an ArrayBuffer`);
  }
  const known = typeof checkpoint === 'string' ? findKnownCheckpoint(checkpoint) : undefined;
  if (known !== undefined) {
    throw refused(
      'checkpoint',
      `is ${known.name}, whose publisher lets no page read it; download ${known.url} and give its File`,
    );
  }
  return nameOf(checkpoint);
}

/**
 * A name under which the weights can be opened. Those of an address are fetched first, into a Blob of the browser's.
 * @throws DownloadError; the signal's reason once it is aborted
 */
export async function locateCheckpoint(
  source: Source,
  stage: Stage,
  { signal }: Pick<ModelOptions, 'signal'>,
): Promise<string> {
  if (source instanceof Blob) return nameBlob(source, nameOf(source));
  if (source instanceof ArrayBuffer) return nameBlob(new Blob([source]), nameOf(source));
  const url = typeof source === 'string' ? source : hrefOf(source)!;
  stage.download();
  return nameBlob(await fetchBlob(url, stage, signal), url);
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

async function fetchBlob(url: string, stage: Stage, signal: ModelOptions['signal']): Promise<Blob> {
  const fix =
    url === EMBEDDED_CHECKPOINT
      ? 'serve the file dist/clip/weights/microclip.safetensors of the package there, or give its address as checkpoint'
      : undefined;
  const failed = (problem: string, cause?: unknown) => new DownloadError(url, problem, { cause, fix });
  try {
    const response = await fetch(url, { signal: signal as AbortSignal | undefined });
    if (!response.ok) throw failed(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    const total = Number(response.headers.get('content-length') ?? 0);
    let received = 0;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        stage.advance((received += chunk.length), Math.max(total, received) === total ? total : undefined);
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
