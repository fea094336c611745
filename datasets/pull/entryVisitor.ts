/** How archives are read: one entry after another, in the order of their bytes. */
export interface EntryVisitor {
  /** For sentences. */
  archive: string;
  /** Whether an entry is taken; `size` in bytes, undefined where it stands behind the content. */
  wants(name: string, size: number | undefined): boolean;
  /** Gets the content of an entry that is wanted. */
  take(name: string, content: Buffer): void;
}

/** Larger entries are refused: those of the benchmarks have a few MB, and each is held in memory whole. */
export const MOST_ENTRY_BYTES = 1 << 28;
