import { CheckpointError, type CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import { inferConfig } from '../clip/config.ts';

/**
 * What the shapes of a CLIP checkpoint do not say, as safetensors metadata, so that a converted file needs no
 * configuration beside it; nothing where the file is no CLIP.
 */
export function architectureMetadata(file: CheckpointFile): Record<string, string> {
  try {
    const { activation, vision, text } = inferConfig(file);
    return { activation, vision_heads: `${vision.heads}`, text_heads: `${text.heads}` };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return {};
  }
}
