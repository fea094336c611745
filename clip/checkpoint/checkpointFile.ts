import { RfclipError } from '../../engine/errors.ts';

/** Element types that weight files of CLIP use. */
export type StoredDType = 'F32' | 'F16' | 'BF16' | 'F64' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** What a file says of one tensor. */
export interface StoredTensor {
  name: string;
  dtype: StoredDType;
  shape: readonly number[];
}

/**
 * A weight file of any format: names, shapes, and values read by offset when asked for, so that a large file is never
 * in memory as a whole.
 */
export interface CheckpointFile {
  /** For messages. */
  readonly path: string;
  /** Free-form strings stored with the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** All values of a tensor as float32. @throws CheckpointError when there is no such tensor or the file was cut. */
  read(name: string): Float32Array;
  /** Rows of the first axis, in the order asked for: [rows.length, rest]. @throws CheckpointError as `read`. */
  readRows(name: string, rows: ArrayLike<number>): Float32Array;
  /** SHA-256 of the file's bytes, in hexadecimal. */
  sha256(): string;
  close(): void;
}

/** A weight file that is damaged, of an unknown format, or not a CLIP checkpoint. */
export class CheckpointError extends RfclipError {
  constructor(message: string, where: string, cause?: unknown) {
    super(message, { code: 'RFCLIP-CHECKPOINT', where, cause });
  }
}
