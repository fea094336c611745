import { CheckpointError } from './checkpointFile.ts';
import type { RandomAccessFile } from './randomAccessFile.ts';

/** What a file's first bytes say it is, among what can be opened. */
export type SniffedFormat = 'safetensors' | 'zip' | 'index';

/** First bytes of formats that people take for weights, or get instead of them; latin1. */
const REFUSED: readonly (readonly [prefix: string, what: string, fix?: string])[] = [
  // The pickled number 0x1950a86a20f9469cfc6c, with which torch.save began until PyTorch 1.6.
  [
    '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19',
    'a legacy PyTorch file from before version 1.6',
    'load it with PyTorch and save its state dict again, or convert it to safetensors',
  ],
  ['\x80', 'a bare Python pickle', 'load it with PyTorch and save its state dict again, or convert it to safetensors'],
  ['PK\x05\x06', 'an empty zip archive'],
  ['\x1f\x8b', 'gzip data', 'unpack it first'],
  ['\x28\xb5\x2f\xfd', 'zstandard data', 'unpack it first'],
  ['\xfd7zXZ', 'xz data', 'unpack it first'],
  ['\x89HDF', 'an HDF5 file (Keras)'],
  ['\x93NUMPY', 'a NumPy array'],
  ['GGUF', 'a GGUF file'],
  [
    'version https://git-lfs',
    'a Git LFS pointer, which stands for a file that was not fetched',
    'fetch it with "git lfs pull"',
  ],
  ['<', 'a web page or XML, perhaps an error page in place of a download'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['\x89PNG', 'a PNG picture'],
];

/**
 * What a weight file is, from its first bytes; the name does not matter.
 * Source: the safetensors format description; PKWARE APPNOTE.TXT 4.3.7; `torch/serialization.py` (legacy magic number).
 * @throws CheckpointError that names what was found, for anything that cannot be opened.
 */
export function sniffFormat(file: RandomAccessFile): SniffedFormat {
  const { path, size } = file;
  if (size === 0) throw new CheckpointError(`checkpoint ${path} is empty`, path);
  const head = Buffer.from(file.read(0, Math.min(size, 512), 'its first bytes')).toString('latin1');
  if (head.startsWith('PK\x03\x04')) return 'zip';
  // Eight bytes of length, then the JSON header.
  if (size >= 9 && head[8] === '{' && head.startsWith('\0\0', 6)) return 'safetensors';
  if (/^\s*\{/.test(head)) return 'index';
  const refused = REFUSED.find(([prefix]) => head.startsWith(prefix));
  const what =
    refused?.[1] ??
    (head.startsWith('ustar', 257) ? 'a tar archive (PyTorch before version 0.4)' : 'of no known format');
  throw new CheckpointError(
    `checkpoint ${path} is not a usable safetensors file or PyTorch archive: it is ${what}`,
    path,
    undefined,
    refused?.[2],
  );
}
