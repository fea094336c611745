import { RfclipError } from '../engine/errors.ts';
import type { AbortSignalLike } from '../system/abortSignal.ts';
import { DownloadError, PassingFailure, reasonOf } from './downloadError.ts';
import { fetchFile } from './fetchFile.ts';
import type { PartialFile, Validator } from './partialFile.ts';

/** One attempt to fetch what is missing of a file. */
export interface TransferOptions {
  url: string;
  /** Whether the whole file will be checked, so that a range without a validator may be trusted until then. */
  checkedLater: boolean;
  /** Milliseconds without a byte after which the server counts as stalled. */
  stallMilliseconds: number;
  onProgress?: (received: number, total: number | undefined) => void;
  /** Ends the attempt, which then fails. */
  signal?: AbortSignalLike;
}

/**
 * Fetches the rest of a file by range request, or all of it where the server has another version or knows no ranges.
 * Source: RFC 9110, sections 13.1.5 (If-Range), 14.2 to 14.4 (Range, Content-Range) and 15.5.17 (416).
 * @returns whether bytes of an earlier attempt were kept.
 * @throws PassingFailure when it may succeed if tried again; DownloadError when not.
 */
export async function transfer(partial: PartialFile, options: TransferOptions): Promise<boolean> {
  const { url, signal } = options;
  const stall = new AbortController();
  const stop = () => stall.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  const restartTimer = (timer?: NodeJS.Timeout): NodeJS.Timeout => {
    clearTimeout(timer);
    return setTimeout(
      () => stall.abort(new PassingFailure(`no byte came for ${options.stallMilliseconds / 1000} s`)),
      options.stallMilliseconds,
    );
  };
  let timer = restartTimer();
  try {
    const known = partial.validator(url);
    const have = partial.size;
    const validator = known?.etag ?? known?.lastModified;
    const resume = have > 0 && known !== undefined && (validator !== undefined || options.checkedLater);
    // A compressed answer would make lengths and ranges count other bytes.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (resume) headers.range = `bytes=${have}-`;
    if (resume && validator !== undefined) headers['if-range'] = validator;
    const response = await fetchFile(url, { headers, signal: stall.signal });
    const plan = planOf(response, partial, resume ? have : 0, url);
    if (plan === 'complete') return true;
    const body = response.body ?? fail(url, 'the answer is empty');
    if (plan.start === 0) partial.restart(validatorOf(response, url));
    const file = partial.append();
    let received = plan.start;
    try {
      options.onProgress?.(received, plan.total);
      for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
        timer = restartTimer(timer);
        if (plan.total !== undefined && received + chunk.length > plan.total)
          fail(url, `the server sends more than the ${plan.total} bytes it announced`);
        file.write(chunk);
        received += chunk.length;
        options.onProgress?.(received, plan.total);
      }
    } finally {
      file.close();
    }
    if (plan.total !== undefined && received < plan.total)
      throw new PassingFailure(`the transfer ended after ${received} of ${plan.total} bytes`);
    return plan.start > 0;
  } catch (error) {
    if (error instanceof RfclipError || error instanceof PassingFailure) throw error;
    if (stall.signal.reason instanceof PassingFailure) throw stall.signal.reason;
    if (isDiskError(error)) throw new DownloadError(url, reasonOf(error), { cause: error });
    throw new PassingFailure(reasonOf(error), { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    // Frees the connection of an answer whose body is not wanted.
    stall.abort();
  }
}

/** What to do with an answer: where its bytes go, and how many there will be in all. */
function planOf(
  response: Response,
  partial: PartialFile,
  have: number,
  url: string,
): { start: number; total: number | undefined } | 'complete' {
  const { status } = response;
  if (/^text\/html/i.test(response.headers.get('content-type') ?? '') && response.ok)
    fail(url, 'a web page came in its place, as from a network that asks for a login');
  if (status === 200) return { start: 0, total: wholeNumber(response.headers.get('content-length')) };
  if (status === 206 || status === 416) {
    const [, from, total] =
      /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '') ?? [];
    const note = partial.validator(url);
    const etag = response.headers.get('etag');
    const same = note?.etag === undefined || etag === null || etag === note.etag;
    if (status === 206 && have > 0 && same && Number(from) === have) return { start: have, total: wholeNumber(total) };
    if (status === 416 && have > 0 && same && Number(total) === have) return 'complete';
    partial.remove();
    throw new PassingFailure('the server answers with another part than was asked for');
  }
  if (status === 408 || status === 429 || status >= 500) {
    throw new PassingFailure(`the server answers ${status} ${response.statusText}`.trim(), {
      retryAfter: retryAfter(response.headers.get('retry-after')),
    });
  }
  if (status === 404 || status === 410) return fail(url, `the server has no such file (${status})`);
  return fail(url, `the server answers ${status} ${response.statusText}`.trim());
}

function validatorOf(response: Response, url: string): Validator {
  const etag = response.headers.get('etag');
  // A weak tag may stand for other bytes and is not allowed in If-Range.
  return {
    url,
    etag: etag === null || etag.startsWith('W/') ? undefined : etag,
    lastModified: response.headers.get('last-modified') ?? undefined,
  };
}

function wholeNumber(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds that a server asks to wait, as seconds or as a date (RFC 9110, section 10.2.3); a minute at most. */
function retryAfter(text: string | null): number | undefined {
  const seconds = wholeNumber(text) ?? (Date.parse(text ?? '') - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.round(1000 * Math.min(Math.max(seconds, 0), 60));
}

function isDiskError(error: unknown): boolean {
  return ['write', 'open', 'fsync', 'mkdir', 'unlink'].includes((error as NodeJS.ErrnoException).syscall ?? '');
}

function fail(url: string, problem: string): never {
  throw new DownloadError(url, problem);
}
