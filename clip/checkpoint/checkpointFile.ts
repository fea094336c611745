import { RfclipError } from '../../engine/errors.ts';

/** Element types that weight files of CLIP use. */
export type StoredDType = 'F32' | 'F16' | 'BF16' | 'F64' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** What a file says of one tensor. */
export interface StoredTensor {
  name: string;
  dtype: StoredDType;
  shape: readonly number[];
}

/** How a weight file is written. */
export type CheckpointFormat =
  | 'safetensors'
  | 'sharded safetensors'
  | 'PyTorch state dict'
  | 'PyTorch module'
  | 'PyTorch before 1.6'
  | 'TorchScript archive';

/** Whose tensor names a weight file uses. */
export type CheckpointNaming = 'OpenAI' | 'open_clip with text prefix' | 'Hugging Face' | 'DINO' | 'unknown';

/** MLP activations of published CLIP transformers: x sigmoid(1.702 x), or the exact GELU. */
export type ClipActivation = 'quickGelu' | 'gelu';

/** What a JSON configuration beside the weights says that tensor shapes do not. */
export interface ModelConfigFile {
  /** The configuration's path, for reasons and messages. */
  readonly path: string;
  readonly activation?: ClipActivation;
  readonly visionHeads?: number;
  readonly textHeads?: number;
}

/** Why something in a weight file that stands where a tensor could is not read. */
export interface UnusableTensor {
  /** The end of a sentence that begins with `tensor NAME`. */
  reason: string;
  /** Whether it is a tensor that cannot be read; else it may be no tensor at all. */
  damaged: boolean;
}

/** What of a weight file is presented, and what is not. */
export interface Selection {
  /** What the names of the presented tensors begin with in the file; for towers that lie apart, both, with `and`. */
  prefix: string;
  /** Tensors that are not presented, under their own names. Buffers that follow from the architecture are not named. */
  leftOut: readonly string[];
  /** What the names of other networks begin with that could have been taken instead. */
  others: readonly string[];
  /** What the file is instead of a CLIP ViT, as far as its names tell; absent for a CLIP ViT. */
  instead?: string;
}

/**
 * A weight file of any format: names, shapes, and values read by offset when asked for, so that a large file is never
 * in memory as a whole.
 */
export interface CheckpointFile {
  /** For messages. */
  readonly path: string;
  /** How the file is written; absent where the weights come from no single file. */
  readonly format?: CheckpointFormat;
  /** Whose names the file itself uses, whatever `tensors` presents; absent where nobody looked. */
  readonly naming?: CheckpointNaming;
  /** The configuration found beside the file and found to describe it. */
  readonly modelConfig?: ModelConfigFile;
  /** Names of the module classes that a TorchScript archive was made of, without their packages. */
  readonly moduleClasses?: ReadonlySet<string>;
  /** What in the file cannot be read, by the name that it would have; absent where there is nothing. */
  readonly unusable?: ReadonlyMap<string, UnusableTensor>;
  /** What the names begin with in the dictionary that training programs keep weights in; absent where there is none. */
  readonly main?: string;
  /** Which part of the file is presented; absent where it is all of it. */
  readonly selection?: Selection;
  /** The file that this one changes, for a delta (`openDelta`). */
  readonly changes?: string;
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
  constructor(message: string, where: string, cause?: unknown, fix?: string) {
    // Names in a message may come from the file, and must not reach a terminal as control sequences.
    super(message.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd'), { code: 'RFCLIP-CHECKPOINT', where, cause, fix });
  }
}

/** What is known of a tensor by its name. @throws CheckpointError where a file has none of that name */
export function entryOf<Entry>(path: string, entries: ReadonlyMap<string, Entry>, name: string): Entry {
  const entry = entries.get(name);
  if (entry === undefined) throw new CheckpointError(`checkpoint ${path} has no tensor ${name}`, path);
  return entry;
}
