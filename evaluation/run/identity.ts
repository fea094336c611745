import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openRawCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import type { ClipModel } from '../../rfclip/clipModel.ts';
import { packageRoot } from '../../system/packageRoot.ts';
import type { EvaluationIdentity } from './manifest.ts';

/** What results say about who made them, and with which checkpoints. */
export interface ModelIdentity {
  identity: Pick<EvaluationIdentity, 'format' | 'version' | 'model'>;
  /** By name: rfclip, node, webgpu. */
  versions: Record<string, string>;
}

/**
 * Fingerprints of a model's files, and the versions that use them.
 * @param dino path of the DINO checkpoint that the model was opened with
 * @throws CheckpointError if that file cannot be read
 */
export function identifyModel(model: ClipModel, dino: string | undefined): ModelIdentity {
  const { version, dependencies } = createRequire(import.meta.url)(join(packageRoot(), 'package.json')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const { file, config, distractionDimensions = null } = model;
  return {
    identity: {
      format: 1,
      version,
      model: {
        checkpoint: file.sha256(),
        activation: config.activation,
        distractionDimensions,
        dino: dino === undefined ? null : fileSha256(dino),
        ...model.prefixes,
        precision: model.device.products.precision,
      },
    },
    versions: { rfclip: version, node: process.versions.node, webgpu: dependencies.webgpu },
  };
}

function fileSha256(path: string): string {
  const file = openRawCheckpoint(path);
  try {
    return file.sha256();
  } finally {
    file.close();
  }
}
