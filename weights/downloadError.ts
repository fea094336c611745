import { RfclipError } from '../engine/errors.ts';

/** A download that did not succeed and will not by itself. */
export class DownloadError extends RfclipError {
  /** The sentence without the address. */
  readonly problem: string;

  constructor(url: string, problem: string, options: { cause?: unknown; fix?: string } = {}) {
    super(`${url} could not be downloaded: ${problem}`, { code: 'RFCLIP-DOWNLOAD', where: url, ...options });
    this.problem = problem;
  }
}

/** A failure that may pass: the network, a busy server, a transfer that was cut. The message is the reason alone. */
export class PassingFailure extends Error {
  /** Milliseconds that the server asked to wait. */
  readonly retryAfter: number | undefined;

  constructor(reason: string, options: { cause?: unknown; retryAfter?: number } = {}) {
    super(reason, { cause: options.cause });
    this.retryAfter = options.retryAfter;
  }
}

/** What a person reads about an error of the network or the disk. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  switch ((cause as NodeJS.ErrnoException | undefined)?.code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name of the server cannot be looked up; there may be no network';
    case 'ECONNREFUSED':
      return 'the server refuses connections';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return 'the server cannot be reached; there may be no network';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection was cut';
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'the server does not answer';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left on the disk';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'the cache folder may not be written to';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
