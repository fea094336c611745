import { statSync } from 'node:fs';
import { chooseActivation } from '../clip/checkpoint/activation.ts';
import { CheckpointError, type CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import { elementCount } from '../clip/checkpoint/storedValues.ts';
import { ownNote } from '../clip/modelNotes.ts';
import { clipHeads, type ClipConfig, inferConfig, NOT_WEIGHTS } from '../clip/config.ts';
import { describeDinoConfig, inferDinoConfig } from '../clip/dino/index.ts';
import { parseDistractionDimensions, publishedDistractionDimensions } from '../rfclip/distractionDimensions.ts';
import { findKnownSha256 } from './knownCheckpoints.ts';

/** What is known of a checkpoint without running it. */
export interface CheckpointDescription {
  file: string;
  bytes: number;
  sha256: string;
  /** Publisher and name of the release that has this SHA-256. */
  release?: string;
  /** The file that this one changes, for a delta. */
  changes?: string;
  /** What the file says of its weights to those who use them. */
  note?: string;
  format: string;
  naming: string;
  tensors: number;
  /** Number of values by stored element type. */
  dtypes: Record<string, number>;
  parameters: { image: number; text: number; all: number };
  config?: ClipConfig;
  activationReason?: string;
  /** Heads that nothing says, for people, by tower. */
  assumedHeads?: { image?: string; text?: string };
  /** What the names of the described tensors begin with in the file; absent where they have no prefix. */
  prefix?: string;
  /** Tensors of the file that are not described. */
  leftOut?: readonly string[];
  /** Prefixes of other CLIPs that the file holds. */
  others?: readonly string[];
  /** The architecture of a DINO ViT, for people. */
  dino?: string;
  /** Why there is no `config`. */
  notClip?: string;
  distractionDimensions?: { dimensions: number[]; source: string };
}

/**
 * Describes an open checkpoint; reads names and shapes, and all bytes once for the SHA-256.
 * @throws CheckpointError for bad metadata.
 */
export function describeCheckpoint(file: CheckpointFile): CheckpointDescription {
  const dtypes: Record<string, number> = {};
  const parameters = { image: 0, text: 0, all: 0 };
  for (const { name, dtype, shape } of file.tensors.values()) {
    if (NOT_WEIGHTS.has(name)) continue;
    const count = elementCount(shape);
    dtypes[dtype] = (dtypes[dtype] ?? 0) + count;
    parameters.all += count;
    if (name.startsWith('visual.')) parameters.image += count;
    else if (name !== 'logit_scale') parameters.text += count;
  }
  const sha256 = file.sha256();
  const known = findKnownSha256(sha256);
  const description: CheckpointDescription = {
    file: file.path,
    bytes: statSync(file.path).size,
    sha256,
    release: known === undefined ? undefined : `${known.publisher} ${known.name}`,
    ...(file.changes === undefined ? {} : { changes: file.changes }),
    ...(ownNote(file).length === 0 ? {} : { note: ownNote(file)[0] }),
    format: file.format ?? 'unknown',
    naming: file.naming ?? 'unknown',
    tensors: file.tensors.size,
    dtypes,
    parameters,
    ...describeSelection(file),
  };
  try {
    const config = inferConfig(file);
    return {
      ...description,
      config,
      activationReason: chooseActivation(file).reason,
      ...describeHeads(file),
      distractionDimensions: distractionDimensions(file, config, known?.publisher === 'OpenAI'),
    };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return { ...description, notClip: error.message, dino: describeDino(file) };
  }
}

function describeSelection({ selection }: CheckpointFile): Partial<CheckpointDescription> {
  if (selection === undefined) return {};
  const { prefix, leftOut, others } = selection;
  return {
    ...(prefix === '' ? {} : { prefix }),
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(others.length === 0 ? {} : { others }),
  };
}

function describeHeads(file: CheckpointFile): Pick<CheckpointDescription, 'assumedHeads'> {
  const { vision, text } = clipHeads(file);
  if (vision.assumed === undefined && text.assumed === undefined) return {};
  return { assumedHeads: { image: vision.assumed, text: text.assumed } };
}

function describeDino(file: CheckpointFile): string | undefined {
  if (file.naming !== 'DINO' || file.selection?.instead !== undefined) return undefined;
  try {
    return describeDinoConfig(inferDinoConfig(file));
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return undefined;
  }
}

function distractionDimensions(
  file: CheckpointFile,
  config: ClipConfig,
  isOpenAi: boolean,
): CheckpointDescription['distractionDimensions'] {
  const { width, layers, patch } = config.vision;
  const own = parseDistractionDimensions(file.metadata.distraction_dimensions, width, file.path);
  if (own !== undefined) return { dimensions: own, source: "the file's metadata" };
  const published = publishedDistractionDimensions(width, layers, patch);
  if (published === undefined) return undefined;
  return {
    dimensions: published,
    source: isOpenAi
      ? 'published with RF-CLIP'
      : "published for OpenAI's weights of this architecture, which these may not be",
  };
}
