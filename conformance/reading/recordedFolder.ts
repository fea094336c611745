/** The files of a reference folder, wherever they lie. */
export interface RecordedFolder {
  /** What errors call it. */
  readonly name: string;
  /** The names of its sub-folders. */
  subfolders(): string[];
  /** Whether a sub-folder has a `manifest.json`. */
  hasManifest(subfolder: string): boolean;
  /**
   * The path by which a file can be read, and opened as a checkpoint.
   * @param folder sub-folder that `file` is relative to
   * @throws ConformanceError when it lies outside of the folder, does not exist or is no regular file
   */
  path(folder: string, file: string): string;
  /** Bytes of the file with such a path. */
  size(path: string): number;
  /** The bytes themselves. */
  read(path: string): Uint8Array;
  /** Paths stand for nothing any more. */
  close(): void;
}
