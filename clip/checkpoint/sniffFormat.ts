import { latin1Text } from '../../system/bytes.ts';
import { CheckpointError } from './checkpointFile.ts';
import { LEGACY_MAGIC } from './pytorch/legacyPytorch.ts';
import type { RandomAccessFile } from './randomAccessFile.ts';

/** What a file's first bytes say it is, among what can be opened. */
export type SniffedFormat = 'safetensors' | 'zip' | 'legacy PyTorch' | 'index';

/** Also after a byte order mark and blank lines. */
const WEB_PAGE = /^(\xef\xbb\xbf)?\s*</;

/** First bytes of formats that people take for weights, or get instead of them; latin1. */
const REFUSED: readonly (readonly [prefix: string | RegExp, what: string, fix?: string])[] = [
  ['\x80', 'a bare Python pickle', 'load it with PyTorch and save its state dict again, or convert it to safetensors'],
  ['PK\x05\x06', 'an empty zip archive'],
  ['\x1f\x8b', 'gzip data', 'unpack it first'],
  ['\x28\xb5\x2f\xfd', 'zstandard data', 'unpack it first'],
  ['\xfd7zXZ', 'xz data', 'unpack it first'],
  ['BZh', 'bzip2 data', 'unpack it first'],
  ['7z\xbc\xaf', 'a 7-Zip archive', 'unpack it first'],
  ['Rar!', 'a RAR archive', 'unpack it first'],
  ['\x89HDF', 'an HDF5 file (Keras)'],
  ['\x93NUMPY', 'a NumPy array'],
  ['GGUF', 'a GGUF file'],
  [
    'version https://git-lfs',
    'a Git LFS pointer, which stands for a file that was not fetched',
    'fetch it with "git lfs pull"',
  ],
  [
    '/annex/objects/',
    'a git-annex pointer, which stands for a file that was not fetched',
    'fetch it with "git annex get"',
  ],
  [WEB_PAGE, 'a web page or XML, perhaps an error page in place of a download'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['\x89PNG', 'a PNG picture'],
  ['%PDF', 'a PDF document'],
  // A protocol buffer whose first field is the small version of the format and whose second is the producer's name.
  [/^\x08[\x01-\x10]\x12/, 'an ONNX model', 'take the PyTorch or safetensors file that it was made from'],
  [/^.{4}TFL3/s, 'a TensorFlow Lite model'],
  // A map of few entries whose first key is a short text.
  [/^[\x81-\x8f][\xa1-\xbf]\w/, 'a Flax checkpoint (MessagePack)', 'take the PyTorch or safetensors file of the model'],
];

/**
 * What a weight file is, from its first bytes; the name does not matter.
 * Source: the safetensors format description; PKWARE APPNOTE.TXT 4.3.7; `torch/serialization.py` (legacy magic number).
 * @throws CheckpointError that names what was found, for anything that cannot be opened.
 */
export function sniffFormat(file: RandomAccessFile): SniffedFormat {
  const { path, size } = file;
  if (size === 0) throw new CheckpointError(`checkpoint ${path} is empty`, path);
  const head = latin1Text(file.read(0, Math.min(size, 512), 'its first bytes'));
  if (head.startsWith('PK\x03\x04')) return 'zip';
  // The pickle's protocol, with a frame's length from protocol 4 on, then the magic number.
  if (/^\x80[^](\x95[^]{8})?$/.test(head.slice(0, Math.max(0, head.indexOf(LEGACY_MAGIC))))) return 'legacy PyTorch';
  // Eight bytes of length, then the JSON header.
  if (size >= 9 && head[8] === '{' && head.startsWith('\0\0', 6)) return 'safetensors';
  if (/^\s*\{/.test(head)) return 'index';
  const refused = REFUSED.find(([prefix]) =>
    typeof prefix === 'string' ? head.startsWith(prefix) : prefix.test(head),
  );
  const what =
    refused?.[1] ??
    (head.startsWith('ustar', 257) ? 'a tar archive (PyTorch before version 0.4)' : `of no known format${quote(head)}`);
  throw new CheckpointError(
    `checkpoint ${path} is not a usable safetensors file or PyTorch archive: it is ${what}`,
    path,
    undefined,
    refused?.[2],
  );
}

/** The first line of a text, which may be what a server said in place of a file; nothing for anything else. */
function quote(head: string): string {
  const [line] = head.trimStart().split(/[\r\n]/);
  return /^[\x20-\x7e]{4,}$/.test(line) ? `, a text that begins with ${JSON.stringify(line.slice(0, 60))}` : '';
}
