import type { CheckpointFile, StoredTensor } from './checkpointFile.ts';

/** The same checkpoint; `onRead` gets every tensor that was read whole. Closing it closes the other. */
export function observeReads(file: CheckpointFile, onRead: (tensor: StoredTensor) => void): CheckpointFile {
  const { path, format, naming, modelConfig, moduleClasses, selection, changes, metadata, tensors } = file;
  return {
    path,
    format,
    naming,
    modelConfig,
    moduleClasses,
    selection,
    changes,
    metadata,
    tensors,
    read: (name) => {
      const values = file.read(name);
      onRead(tensors.get(name)!);
      return values;
    },
    readRows: (name, rows) => file.readRows(name, rows),
    sha256: () => file.sha256(),
    close: () => file.close(),
  };
}
