import { latin1Text } from '../../../system/bytes.ts';
import { CheckpointError, type CheckpointFile, type CheckpointFormat } from '../checkpointFile.ts';
import { RandomAccessFile } from '../randomAccessFile.ts';
import { storedBytes } from '../storedValues.ts';
import { ZipArchive } from '../zipArchive.ts';
import { foreignZip } from './foreignZip.ts';
import { namedTensors, type NamedTensors } from './namedTensors.ts';
import { PickleFault } from './pickleFault.ts';
import { readPickle } from './pickle.ts';
import { type FindStorage, TensorViews } from './tensorViews.ts';

/** The structure of ViT-L/14 has about 100 KB. */
export const MAX_PICKLE_BYTES = 16 << 20;

const FORMATS: Record<NamedTensors['kind'], CheckpointFormat> = {
  'state dict': 'PyTorch state dict',
  module: 'PyTorch module',
  TorchScript: 'TorchScript archive',
};

/**
 * Opens a weight file of PyTorch 1.6 or later: a zip archive with the structure in `data.pkl` and one entry of raw
 * bytes per storage, written by `torch.save` (a state dict, or anything that holds one) or `torch.jit.save` (a
 * TorchScript archive, as OpenAI published CLIP). Only the structure is read now and checked against the archive; its
 * code entries are never looked at. Source: `torch/serialization.py` and `caffe2/serialize/inline_container.cc` of
 * PyTorch 2.6.
 * @throws CheckpointError naming the file and what is wrong with it.
 */
export function openPytorchArchive(path: string): CheckpointFile {
  const file = new RandomAccessFile(path);
  try {
    const archive = new ZipArchive(file);
    const root = rootFolder(archive);
    checkByteOrder(archive, root);
    const entry = archive.entries.get(`${root}data.pkl`)!;
    const structure = namedTensors(readPickle(archive.readEntry(entry, MAX_PICKLE_BYTES)).value);
    return new TensorViews(file, FORMATS[structure.kind], structure, storagesOf(archive, root));
  } catch (error) {
    file.close();
    throw error instanceof PickleFault ? unusablePickle(path, error) : error;
  }
}

/** The error of a file whose structure cannot be used. */
export function unusablePickle(path: string, fault: PickleFault, what = `checkpoint ${path}`): CheckpointError {
  return new CheckpointError(
    `${what} cannot be used: ${fault.message}`,
    path,
    fault,
    'convert it to safetensors with PyTorch, or save only its state dict with torch.save',
  );
}

/** PyTorch puts everything into one folder named after the file; returns it with a slash. */
function rootFolder(archive: ZipArchive): string {
  for (const name of archive.entries.keys()) {
    const match = /^([^/]*\/)?data\.pkl$/.exec(name);
    if (match !== null) return match[1] ?? '';
  }
  throw new CheckpointError(
    `checkpoint ${archive.path} is a zip archive without data.pkl${foreignZip(archive.entries.keys())}, expected one ` +
      `that PyTorch wrote`,
    archive.path,
  );
}

function checkByteOrder(archive: ZipArchive, root: string): void {
  const entry = archive.entries.get(`${root}byteorder`);
  if (entry === undefined) return;
  const order = latin1Text(archive.readEntry(entry, 16));
  if (order !== 'little')
    throw new CheckpointError(
      `checkpoint ${archive.path} has byte order ${JSON.stringify(order)}, expected little`,
      archive.path,
    );
}

function storagesOf(archive: ZipArchive, root: string): FindStorage {
  return ({ key, dtype, total }) => {
    const entry = archive.entries.get(`${root}data/${key}`);
    if (entry === undefined) throw new PickleFault(`lies in entry ${root}data/${key}, which is missing`);
    const bytes = total * storedBytes(dtype);
    if (entry.size !== bytes)
      throw new PickleFault(`needs ${bytes} bytes of entry ${entry.name}, which has ${entry.size}`);
    return { source: archive.source(entry), start: 0 };
  };
}
