import * as z from 'zod';
import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { completeVocabulary, overlayCheckpoint } from './checkpointParts.ts';
import { checkValues, ConformanceError, readManifest, type ReferenceCase } from './manifest.ts';
import type { ReferenceFiles } from './referenceFiles.ts';

/** How a manifest says that a file holds only part of a checkpoint. */
const DELTA = /tensors that differ from (\w+)/;

const described = z.object({
  file: z.string(),
  text: z
    .object({
      vocab: z
        .number()
        .int()
        .min(1)
        .max(2 ** 20),
    })
    .optional(),
});

/** The weight files of a reference folder, which belong to it and are closed with its files. */
export class RecordedCheckpoints {
  readonly #files: ReferenceFiles;
  #clip: Map<string, ReferenceCase> | undefined;

  constructor(files: ReferenceFiles) {
    this.#files = files;
  }

  /**
   * A tiny CLIP by the name that manifests call it, as the case `checkpoint/NAME` of the folder `clip` describes it;
   * merged over its base where its file holds only part of it.
   * @throws ConformanceError for an unknown one; CheckpointError for a damaged one.
   */
  clip(name: string): CheckpointFile {
    const reference = this.#described(name);
    const { file, text } = checkValues(reference.parameters, described, `checkpoint ${name}`);
    const opened = this.#files.checkpoint('clip', file);
    const base = DELTA.exec(reference.function)?.[1];
    if (base === undefined) return text === undefined ? opened : completeVocabulary(opened, text.vocab);
    if (DELTA.test(this.#described(base).function))
      throw new ConformanceError(`checkpoint ${name} differs from ${base}, which is not whole either`);
    return overlayCheckpoint(this.clip(base), opened);
  }

  /**
   * The DINO ViT that CASS needs, described by the case `cass/checkpoint_dino` of the folder `methods`.
   * @throws ConformanceError when there is none; CheckpointError when it is damaged.
   */
  dino(): CheckpointFile {
    const entry = readManifest(this.#files.json('methods', 'manifest.json')).find(
      ({ name }) => name === 'cass/checkpoint_dino',
    );
    if (entry?.reference === undefined) throw new ConformanceError('the methods manifest describes no DINO checkpoint');
    const { file } = checkValues(entry.reference.parameters, described, 'checkpoint dino');
    return this.#files.checkpoint('methods', file);
  }

  /** The distraction dimensions that a case `checkpoint/NAME` states for all of them, unchecked. */
  get sinkChannels(): unknown {
    return [...this.#all().values()].map(({ parameters }) => parameters.sink_channels).find(Boolean);
  }

  #described(name: string): ReferenceCase {
    const reference = this.#all().get(name);
    if (reference === undefined) throw new ConformanceError(`the clip manifest describes no checkpoint ${name}`);
    return reference;
  }

  #all(): Map<string, ReferenceCase> {
    if (this.#clip === undefined) {
      this.#clip = new Map();
      for (const { name, reference } of readManifest(this.#files.json('clip', 'manifest.json'))) {
        if (reference !== undefined && name.startsWith('checkpoint/'))
          this.#clip.set(name.slice('checkpoint/'.length), reference);
      }
    }
    return this.#clip;
  }
}
