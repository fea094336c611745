import type { ImageEncoder } from '../clip/imageEncoder.ts';
import type { Device } from '../engine/device.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { ClassList } from './classes.ts';
import { clusterTextFeatures, type Linkage } from './clustering.ts';
import { type Settings, usesImageSemantics } from './settings.ts';

/** A class list on the device that its pipeline is on. */
export class ClassTensors {
  /** [queries, E]. */
  text!: Tensor;
  /** Class of each query, [queries] u32. */
  classOf!: Tensor;
  /** Cluster of each query, [queries] u32, where the settings have words clustered. */
  clusters: Tensor | undefined;
  readonly #classes: ClassList;
  readonly #textFeatures: Float32Array;
  readonly #width: number;
  readonly #clusters: ArrayLike<number> | undefined;

  /** Clusters the words and uploads all. `textFeatures` are [queries, E] with the E of the encoder. */
  constructor(
    { device, config }: Pick<ImageEncoder, 'device' | 'config'>,
    classes: ClassList,
    textFeatures: Float32Array,
    settings: Settings,
    linkage: Linkage | undefined,
  ) {
    this.#width = config.embedding;
    this.#classes = classes;
    this.#textFeatures = textFeatures;
    this.#upload(device);
    const { clusterThreshold } = settings;
    const queries = classes.queries.length;
    if (usesImageSemantics(settings))
      this.#clusters = clusterTextFeatures(textFeatures, queries, config.embedding, clusterThreshold, linkage);
    this.#uploadClusters(device);
  }

  /** Uploads all to another device. The one before is lost, and whoever still uses its tensors is told so by it. */
  moveTo(device: Device): void {
    this.#upload(device);
    this.#uploadClusters(device);
  }

  /** Frees the tensors. */
  dispose(): void {
    this.text.dispose();
    this.classOf.dispose();
    this.clusters?.dispose();
  }

  #upload(device: Device): void {
    const { queries, queryToClass } = this.#classes;
    const count = queries.length;
    device.withoutScope(() => {
      this.text = device.tensor(this.#textFeatures, [count, this.#width]);
      this.classOf = device.tensor(queryToClass, [count], 'u32');
    });
  }

  #uploadClusters(device: Device): void {
    const clusters = this.#clusters;
    this.clusters = clusters && device.withoutScope(() => device.tensor(clusters, [clusters.length], 'u32'));
  }
}
