import { CheckpointError, type CheckpointFile } from './checkpointFile.ts';
import { isDelta, openDelta } from './deltaCheckpoint.ts';
import { presentAsOpenAi } from './naming/presentAsOpenAi.ts';
import { presentDino } from './naming/presentDino.ts';
import { basePath, findModelConfig, openSharded, weightsAt } from './otherFiles.ts';
import { openLegacyPytorch } from './pytorch/legacyPytorch.ts';
import { openPytorchArchive } from './pytorch/pytorchArchive.ts';
import { RandomAccessFile } from './randomAccessFile.ts';
import { openSafetensors } from './safetensors.ts';
import { type SniffedFormat, sniffFormat } from './sniffFormat.ts';

/**
 * Opens a CLIP checkpoint of any published format and naming, recognised by its content: safetensors (one file, or an
 * index of shards, or the folder of either), a PyTorch file of any age that holds a state dict, or a TorchScript
 * archive. Tensors appear under OpenAI's names and are read by offset when asked for; of a file that holds more than a
 * CLIP, only those of the CLIP. A configuration beside the file is taken along where it describes the weights.
 * @param options.prefix what the names of the wanted CLIP begin with, where there are several
 * @throws CheckpointError, one sentence that names what was found, for anything else or anything damaged.
 */
export function openCheckpoint(path: string, options: { prefix?: string } = {}): CheckpointFile {
  const raw = openRawCheckpoint(path);
  try {
    const file = presentAsOpenAi(raw, options);
    // That of another kind of network says things that nothing here knows.
    if (file.selection.instead === undefined) file.modelConfig = findModelConfig(file);
    return file;
  } catch (error) {
    raw.close();
    throw error;
  }
}

/**
 * Opens the weights of a DINO ViT, wherever they lie in a file of any published format, under DINO's own names.
 * @param options.prefix what the names of the wanted ViT begin with, where there are several
 * @throws CheckpointError as `openCheckpoint`; that it is no DINO ViT, `inferDinoConfig` says.
 */
export function openDinoCheckpoint(path: string, options: { prefix?: string } = {}): CheckpointFile {
  const raw = openRawCheckpoint(path);
  try {
    return presentDino(raw, options);
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** `openCheckpoint` with the tensors under the names that the file itself gives them. @throws CheckpointError as it. */
export function openRawCheckpoint(path: string): CheckpointFile {
  const weights = weightsAt(path);
  const format = formatOf(weights);
  return format === 'index' ? openSharded(weights, openShard) : withBase(openSingle(weights, format));
}

function openShard(path: string): CheckpointFile {
  const format = formatOf(path);
  if (format === 'index') throw new CheckpointError(`checkpoint ${path} is an index of shards, expected a shard`, path);
  return openSingle(path, format);
}

function openSingle(path: string, format: Exclude<SniffedFormat, 'index'>): CheckpointFile {
  if (format === 'zip') return openPytorchArchive(path);
  return format === 'legacy PyTorch' ? openLegacyPytorch(path) : openSafetensors(path);
}

/** The file that a delta changes, with its changes; any other file as it is. */
function withBase(file: CheckpointFile): CheckpointFile {
  if (!isDelta(file)) return file;
  try {
    return openDelta(file, (name) => openSafetensors(basePath(file, name)));
  } catch (error) {
    file.close();
    throw error;
  }
}

function formatOf(path: string): SniffedFormat {
  const file = new RandomAccessFile(path);
  try {
    return sniffFormat(file);
  } finally {
    file.close();
  }
}
