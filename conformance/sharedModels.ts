import { z } from 'zod';
import type { CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import { overlayCheckpoint } from '../clip/checkpoint/overlay.ts';
import { type ClipConfig, inferConfig } from '../clip/config.ts';
import { DinoEncoder, inferDinoConfig } from '../clip/dino/index.ts';
import { ImageEncoder } from '../clip/imageEncoder.ts';
import { templateSets } from '../clip/promptTemplates.ts';
import { TextEncoder } from '../clip/textEncoder.ts';
import type { Device } from '../engine/device.ts';
import { encodeWords } from '../rfclip/textFeatures.ts';
import { Tokenizer } from '../tokenizer/index.ts';
import { checkValues, ConformanceError, readManifest, type ReferenceCase } from './manifest.ts';
import type { ReferenceFiles } from './referenceFiles.ts';

/** A checkpoint on the device; both towers are uploaded when first needed. */
export interface LoadedModel {
  readonly file: CheckpointFile;
  readonly config: ClipConfig;
  readonly images: ImageEncoder;
  readonly texts: TextEncoder;
}

/** How a manifest says that a file holds only part of a checkpoint. */
const DELTA = /tensors that differ from (\w+)/;

/**
 * The tiny checkpoints of a reference folder, loaded once for all cases. Their names and files are those of the cases
 * `checkpoint/NAME` of the folder `clip`.
 */
export class SharedModels {
  readonly device: Device;
  /** Bytes of the pool that weights take; they stay until the device is destroyed. */
  weightBytes = 0;
  readonly #files: ReferenceFiles;
  readonly #models = new Map<string, LoadedModel>();
  readonly #wordFeatures = new Map<string, Float32Array>();
  #dino: DinoEncoder | undefined;
  #checkpoints: Map<string, ReferenceCase> | undefined;

  constructor(device: Device, files: ReferenceFiles) {
    this.device = device;
    this.#files = files;
  }

  /**
   * A checkpoint by its name in the manifests.
   * @throws ConformanceError for an unknown one; CheckpointError for a damaged one.
   */
  model(name: string): LoadedModel {
    let model = this.#models.get(name);
    if (model === undefined) this.#models.set(name, (model = this.open(this.checkpoint(name))));
    return model;
  }

  /** The file of a checkpoint, merged over its base where it holds only part of it. @throws as `model`. */
  checkpoint(name: string): CheckpointFile {
    const reference = this.#described(name);
    const { file } = checkValues(reference.parameters, z.object({ file: z.string() }), `checkpoint ${name}`);
    const opened = this.#files.checkpoint('clip', file);
    const base = DELTA.exec(reference.function)?.[1];
    if (base === undefined) return opened;
    if (DELTA.test(this.#described(base).function))
      throw new ConformanceError(`checkpoint ${name} differs from ${base}, which is not whole either`);
    return overlayCheckpoint(this.checkpoint(base), opened);
  }

  /** A model of any file in OpenAI's naming. @throws CheckpointError when it is no CLIP ViT. */
  open(file: CheckpointFile): LoadedModel {
    const { device } = this;
    const config = inferConfig(file);
    const upload = <Encoder>(load: () => Encoder): Encoder => this.#upload(load);
    let images: ImageEncoder | undefined;
    let texts: TextEncoder | undefined;
    return {
      file,
      config,
      get images() {
        return (images ??= upload(() => ImageEncoder.load(device, file, config)));
      },
      get texts() {
        return (texts ??= upload(() => TextEncoder.load(device, file, config)));
      },
    };
  }

  /**
   * The DINO model that CASS needs, described by the case `cass/checkpoint_dino` of the folder `methods`.
   * @throws ConformanceError when there is none; CheckpointError when it is damaged.
   */
  dino(): DinoEncoder {
    if (this.#dino === undefined) {
      const entry = readManifest(this.#files.json('methods', 'manifest.json')).find(
        ({ name }) => name === 'cass/checkpoint_dino',
      );
      if (entry?.reference === undefined)
        throw new ConformanceError('the methods manifest describes no DINO checkpoint');
      const { file } = checkValues(entry.reference.parameters, z.object({ file: z.string() }), 'checkpoint dino');
      const opened = this.#files.checkpoint('methods', file);
      const config = inferDinoConfig(opened);
      this.#dino = this.#upload(() => DinoEncoder.load(this.device, opened, config));
    }
    return this.#dino;
  }

  /**
   * Distraction dimensions for the tiny checkpoints, as the clip manifest states them, or those given.
   * @throws ConformanceError when there are none or one is outside of the width.
   */
  distractionDimensions(model: LoadedModel, given?: readonly number[]): number[] {
    const { width } = model.config.vision;
    let dimensions: unknown = given;
    for (const reference of this.#all().values()) dimensions ??= reference.parameters.sink_channels;
    return checkValues(
      dimensions,
      z
        .array(
          z
            .number()
            .int()
            .min(0)
            .max(width - 1),
        )
        .min(1),
      'sink_channels',
    );
  }

  /**
   * Text features [words, E] with the 80 templates, computed once per list.
   * @throws TokenizerError, DeviceError as `encodeWords`.
   */
  async wordFeatures(name: string, words: readonly string[]): Promise<Float32Array> {
    const key = JSON.stringify([name, words]);
    let features = this.#wordFeatures.get(key);
    if (features === undefined) {
      const { texts, config } = this.model(name);
      features = await encodeWords(words, {
        encoder: texts,
        tokenizer: new Tokenizer(config.text.vocabulary),
        templates: templateSets.imagenet80,
      });
      this.#wordFeatures.set(key, features);
    }
    return features;
  }

  #upload<Encoder>(load: () => Encoder): Encoder {
    const before = this.device.pool.statistics.liveBytes;
    const encoder = load();
    this.weightBytes += this.device.pool.statistics.liveBytes - before;
    return encoder;
  }

  #described(name: string): ReferenceCase {
    const reference = this.#all().get(name);
    if (reference === undefined) throw new ConformanceError(`the clip manifest describes no checkpoint ${name}`);
    return reference;
  }

  #all(): Map<string, ReferenceCase> {
    if (this.#checkpoints === undefined) {
      this.#checkpoints = new Map();
      for (const { name, reference } of readManifest(this.#files.json('clip', 'manifest.json'))) {
        if (reference !== undefined && name.startsWith('checkpoint/'))
          this.#checkpoints.set(name.slice('checkpoint/'.length), reference);
      }
    }
    return this.#checkpoints;
  }
}
