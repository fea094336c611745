import type { CheckpointFile, StoredDType } from '../../clip/checkpoint/checkpointFile.ts';
import { openCheckpoint, openRawCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { openSafetensors } from '../../clip/checkpoint/safetensors.ts';
import { ConformanceError, type TensorReference } from './manifest.ts';
import { openFolder } from './openFolder.ts';
import type { RecordedFolder } from './recordedFolder.ts';

/** A recorded tensor as float32, which holds the recorded integers and masks exactly and rounds float64. */
export interface RecordedTensor {
  shape: readonly number[];
  dtype: string;
  values: Float32Array;
}

/** Files other than tensors are read whole; none of the reference's is near this. */
const MAXIMUM_BYTES = 64 * 2 ** 20;

const STORED_AS: Record<string, StoredDType> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
};

/** Read access to the files of a reference folder. */
export class ReferenceFiles {
  /** As it was given. */
  readonly directory: string;
  readonly #folder: RecordedFolder;
  readonly #opened = new Map<string, CheckpointFile>();

  /**
   * @param directory a path; in a browser, the bytes of a zip archive of the folder
   * @throws ConformanceError when there is no such folder.
   */
  constructor(directory: string | Uint8Array) {
    this.#folder = openFolder(directory);
    this.directory = this.#folder.name;
  }

  /**
   * The sub-folders that have a `manifest.json`, and those of the `known` names that should have one.
   * @throws ConformanceError when none has a manifest.
   */
  folders(known: readonly string[]): string[] {
    const names = this.#folder.subfolders();
    const described = names.filter((name) => this.#folder.hasManifest(name));
    if (described.length === 0) {
      throw new ConformanceError(
        `the folder ${this.directory} is no reference folder: none of its sub-folders has a manifest.json`,
        this.directory,
      );
    }
    return names.filter((name) => described.includes(name) || known.includes(name));
  }

  /**
   * Path of an existing regular file.
   * @param folder sub-folder of the reference that `file` is relative to.
   * @throws ConformanceError when it lies outside of the reference, does not exist or is no regular file.
   */
  path(folder: string, file: string): string {
    return this.#folder.path(folder, file);
  }

  /** The bytes of a file. @throws ConformanceError as `path`, and when it is longer than 64 MiB. */
  bytes(folder: string, file: string): Uint8Array {
    const path = this.path(folder, file);
    const size = this.#folder.size(path);
    if (size > MAXIMUM_BYTES)
      throw new ConformanceError(`the file ${folder}/${file} has ${size} bytes, expected at most ${MAXIMUM_BYTES}`);
    return this.#folder.read(path);
  }

  /** A file as text. @throws ConformanceError as `bytes`. */
  text(folder: string, file: string): string {
    return new TextDecoder().decode(this.bytes(folder, file));
  }

  /** A parsed JSON file, of any shape. @throws ConformanceError as `bytes`, and when it is not JSON. */
  json(folder: string, file: string): unknown {
    const text = this.text(folder, file);
    try {
      return JSON.parse(text);
    } catch {
      throw new ConformanceError(`the file ${folder}/${file} is not JSON`);
    }
  }

  /**
   * A weight file of any format, opened once and closed with `close`.
   * @param names whose tensor names: `own` as in the file, `OpenAI` translated.
   * @throws ConformanceError as `path`; CheckpointError when it is damaged or of no known format.
   */
  checkpoint(folder: string, file: string, names: 'own' | 'OpenAI' = 'OpenAI'): CheckpointFile {
    return this.#open(`${names} `, this.path(folder, file), names === 'own' ? openRawCheckpoint : openCheckpoint);
  }

  /**
   * A recorded tensor, whose shape and dtype must be those of the manifest.
   * @throws ConformanceError as `path`, and when the key is missing or another tensor; CheckpointError when the file is
   *   no safetensors file.
   */
  tensor(folder: string, reference: TensorReference): RecordedTensor {
    const { file, key, shape, dtype } = reference;
    const checkpoint = this.#open('', this.path(folder, file), openSafetensors);
    const stored = checkpoint.tensors.get(key);
    if (stored === undefined) throw new ConformanceError(`the file ${folder}/${file} has no tensor ${key}`);
    if (
      stored.dtype !== STORED_AS[dtype] ||
      stored.shape.length !== shape.length ||
      stored.shape.some((size, axis) => size !== shape[axis])
    ) {
      throw new ConformanceError(
        `the tensor ${key} of ${folder}/${file} is ${stored.dtype} [${stored.shape.join(', ')}], the manifest says ` +
          `${dtype} [${shape.join(', ')}]`,
      );
    }
    return { shape, dtype, values: checkpoint.read(key) };
  }

  /** Closes all files that were opened. */
  close(): void {
    for (const file of this.#opened.values()) file.close();
    this.#opened.clear();
    this.#folder.close();
  }

  #open(kind: string, path: string, open: (path: string) => CheckpointFile): CheckpointFile {
    let opened = this.#opened.get(kind + path);
    if (opened === undefined) this.#opened.set(kind + path, (opened = open(path)));
    return opened;
  }
}
