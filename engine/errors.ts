/**
 * What every error a user may see looks like, in all folders: one sentence that names the file or argument, what was
 * found and what was expected, plus an optional way out. The CLI prints `message` and `fix`, never a stack trace.
 */
export interface ErrorDetails {
  /** Stable, greppable identifier such as `RFCLIP-SHAPE`. */
  code: string;
  /** What the user can do about it. */
  fix?: string;
  /** The file, option, op or kernel the error is about. */
  where?: string;
  cause?: unknown;
}

/** Base class of the errors thrown on purpose by this project: `{ code, message, fix, where }`. */
export class RfclipError extends Error {
  readonly code: string;
  readonly fix?: string;
  readonly where?: string;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.fix = details.fix;
    this.where = details.where;
  }
}

/** A tensor program was given operands whose shapes, dtypes or devices do not fit. Thrown before any GPU work. */
export class ShapeError extends RfclipError {
  constructor(message: string, where?: string) {
    super(message, { code: 'RFCLIP-SHAPE', where });
  }
}

/** No usable adapter, a lost device, a limit exceeded, or a kernel the driver refused. */
export class DeviceError extends RfclipError {}

/** Codes of what a device cannot do for one image, after which it goes on with others. */
const OF_ONE_IMAGE = ['RFCLIP-BUFFER-LIMIT', 'RFCLIP-OUT-OF-MEMORY'];

/** Whether something was too large for the limits or for the memory of a device. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof DeviceError && OF_ONE_IMAGE.includes(error.code);
}

/** Whether nothing that the device computes could be trusted any more. */
export function isDeviceFailure(error: unknown): boolean {
  return error instanceof DeviceError && !isTooLarge(error);
}
