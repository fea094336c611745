import type { Picture } from '../clip/image/picture.ts';
import { fileNotes } from '../clip/modelNotes.ts';
import { gatherRows } from '../engine/ops/gatherRows.ts';
import { classPalette } from '../pictures/palette.ts';
import { backgroundClass } from '../rfclip/backgroundClass.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import {
  type DenseEncoder,
  findMethod,
  makeRfclipPaper,
  type Method,
  RFCLIP_DEFAULTS,
  RFCLIP_PAPER_DEFAULTS,
} from '../rfclip/methods/index.ts';
import type { Segmentation } from '../rfclip/labelImage.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import { type Settings, settingsOf } from '../rfclip/settings.ts';
import type { TracePick } from '../rfclip/traceKeeper.ts';
import { basename } from '../system/platform.ts';
import type { Progress } from '../system/reporter.ts';
import { RequestError } from '../system/requestError.ts';
import type { Pixel } from './choosePoints.ts';
import type { ExplainedPoint, Explanation, LabelledImage } from './explanation.ts';
import { attentionMaps, gatherLayers, pickLayers, type Sizes, type Traced } from './gatherLayers.ts';
import { gatherSimilarities } from './gatherSimilarities.ts';
import { packFloats, packRuns } from './packing.ts';
import { PANEL_TEXTS } from './panelTexts.ts';
import { type ChosenPoint, pointsAt, pointsOfClasses } from './points.ts';

/** What is to be explained. */
export interface ExplainRequest {
  model: ClipModel;
  /** What the image is called. */
  name: string;
  /** Resized for the network. */
  picture: Picture;
  classes: ClassList;
  /** Features of the class words, [words, E], where they are there already. */
  words?: Float32Array;
  /** RGB of every class, [classes, 3]; default: as `segment` has them. */
  palette?: Uint8Array;
  /** Set side by side; the first decides where classes are, for points. */
  methods: readonly Method[];
  /** Changes of every method's settings; the image is always one window. */
  changes: Partial<Settings>;
  /** In pixels of the file, which `checkPoints` let pass; without any, the middle of each found class. */
  points: readonly Pixel[];
  progress: Progress;
  /** Gets what somebody should know about how it went. */
  onNotice?: (notice: string) => void;
}

/** Fewer patches show no structure, and have no cut. */
const LEAST_PATCHES = 4;

/**
 * Looks into a run: the paper's method and the release's on the image as one window, and the label maps of methods.
 * @throws RequestError for an image of too few patches; RfclipError where a method lacks what it needs; DeviceError
 *   when the device fails
 */
export async function explainImage(request: ExplainRequest): Promise<Explanation> {
  const { model, picture, classes, methods, progress } = request;
  const { resized } = picture;
  const { vision } = model.config;
  const grid = (await model.loadImageTower()).grid(resized.height, resized.width);
  const sizes: Sizes = { L: vision.layers, H: vision.heads, N: grid.height * grid.width, C: vision.width };
  if (sizes.N < LEAST_PATCHES) {
    throw new RequestError(
      `${request.name} has ${resized.width} x ${resized.height} pixels for the network, which are ` +
        `${sizes.N} of its patches of ${vision.patch}, expected at least ${LEAST_PATCHES}`,
      request.name,
      'take a larger --resize',
    );
  }
  const asked = pointsAt(request.points, picture, grid, vision.patch);
  const paper = findMethod('rfclip-paper');
  const runs = await Runs.open(request);
  try {
    const labelled: { method: Method; segmentation: Segmentation }[] = [];
    for (const method of methods) {
      labelled.push({ method, segmentation: await runs.segment(await runs.of(method)) });
      progress.step(`${method.name}: label map`);
    }
    const chosen =
      asked.length > 0 ? asked : pointsOfClasses(labelled[0].segmentation, classes, picture, grid, vision.patch);
    const patches = chosen.map(({ patch }) => patch);
    const [refocused, plain] = [await runs.of(paper), await runs.plain()];
    const traced = await runs.trace(refocused, pickLayers(patches));
    progress.step('rfclip-paper: traced');
    const guide = await runs.trace(await runs.of(findMethod('rfclip')), (name, tensor) =>
      name === 'enhance0/cosine'
        ? gatherRows(tensor.reshape([sizes.N, sizes.N]), tensor.device.tensor(patches, [1, patches.length], 'u32'))
        : undefined,
    );
    progress.step('rfclip: traced');
    const unchanged = await runs.trace(plain, (name, tensor) => (name === 'logits' ? tensor : undefined));
    const before = await runs.segment(plain);
    const after = labelled.find(({ method }) => method === paper)?.segmentation ?? (await runs.segment(refocused));
    progress.step('before and after: label maps');
    const label = (name: string, summary: string, segmentation: Segmentation): LabelledImage => ({
      name,
      summary,
      runs: packRuns(segmentation.labels),
      shares: sharesOf(segmentation, classes),
    });
    const palette = request.palette ?? classPalette(classes.classes.length, backgroundClass(classes));
    return {
      format: 'rfclip-explain-1',
      image: {
        name: basename(request.name),
        width: picture.width,
        height: picture.height,
        networkWidth: resized.width,
        networkHeight: resized.height,
      },
      model: {
        checkpoint: basename(model.file.path),
        adapter: model.device.name,
        layers: sizes.L,
        heads: sizes.H,
        width: sizes.C,
        patch: vision.patch,
      },
      grid,
      classes: classes.classes.map(({ name }, k) => ({
        name,
        colour: [palette[3 * k], palette[3 * k + 1], palette[3 * k + 2]],
      })),
      dimensions: [...(model.distractionDimensions ?? [])],
      values: {
        sigma: RFCLIP_PAPER_DEFAULTS.sigma,
        cosineThreshold: RFCLIP_DEFAULTS.cosineThreshold,
      },
      points: chosen.map((point, index) => explainPoint(point, index, traced, guide, sizes)),
      layers: gatherLayers(traced, sizes),
      similarities: gatherSimilarities(
        { logits: unchanged.logits.data, segmentation: before },
        { logits: traced.logits.data, segmentation: after },
        classes,
        grid,
        vision.patch,
      ),
      labels: {
        before: label('before', 'the paper’s read-out, nothing refocused', before),
        after: label('after', 'rfclip-paper: attention and embeddings redistributed', after),
        methods: labelled.map(({ method, segmentation }) => label(method.name, method.summary, segmentation)),
      },
      panels: [...PANEL_TEXTS],
      notices: [...fileNotes(model.file), ...picture.notices],
    };
  } finally {
    runs.dispose();
  }
}

/** The pipelines of a request, which share the features of the class words. */
class Runs {
  readonly #request: ExplainRequest;
  readonly #words: Float32Array;
  /** By identity: methods of modules may share a name. */
  readonly #made = new Map<Method | 'before', SegmentationPipeline>();

  private constructor(request: ExplainRequest, words: Float32Array) {
    this.#request = request;
    this.#words = words;
  }

  static async open(request: ExplainRequest): Promise<Runs> {
    const { model, classes, methods } = request;
    // A method that lacks something should not wait for words first.
    for (const method of [findMethod('rfclip-paper'), ...methods])
      model.denseEncoder(method, settings(request, method));
    return new Runs(request, request.words ?? (await model.encodeWords(classes.queries)));
  }

  of(method: Method): Promise<SegmentationPipeline> {
    return this.#make(method, method, () => this.#request.model.denseEncoder(method, settings(this.#request, method)));
  }

  /** The paper's read-out with nothing refocused: the first row of its ablation. */
  plain(): Promise<SegmentationPipeline> {
    const none = { localisation: 'none', attention: 'none', embedding: 'none' } as const;
    return this.#make('before', findMethod('rfclip-paper'), () =>
      makeRfclipPaper({ ...RFCLIP_PAPER_DEFAULTS, ...none, distractionDimensions: [] }),
    );
  }

  segment(pipeline: SegmentationPipeline): Promise<Segmentation> {
    const { picture, onNotice } = this.#request;
    const { resized } = picture;
    return pipeline.segment(resized, resized.height, resized.width, { probabilities: true, onNotice });
  }

  trace(pipeline: SegmentationPipeline, pick: TracePick): Promise<Traced> {
    return pipeline.trace(this.#request.picture.resized, pick, undefined, this.#request.onNotice);
  }

  dispose(): void {
    for (const pipeline of this.#made.values()) pipeline.dispose();
  }

  async #make(key: Method | 'before', method: Method, make: () => DenseEncoder): Promise<SegmentationPipeline> {
    let pipeline = this.#made.get(key);
    if (pipeline === undefined) {
      const { model, classes } = this.#request;
      const { promptLinkage } = method;
      const own = settings(this.#request, method);
      pipeline = await model.pipeline({ classes, textFeatures: this.#words, settings: own, promptLinkage }, make);
      this.#made.set(key, pipeline);
    }
    return pipeline;
  }
}

function settings({ changes }: ExplainRequest, method: Method): Settings {
  return settingsOf(method, { ...changes, window: 0 });
}

function explainPoint(point: ChosenPoint, index: number, traced: Traced, guide: Traced, sizes: Sizes): ExplainedPoint {
  const { L, N } = sizes;
  const earlier = Array.from({ length: L - 1 }, (_, layer) => `layer${layer}/`);
  const rowsOf = (names: readonly string[]) => names.map((name) => traced[`${name}:rows`].data);
  const at = { index, patch: point.patch };
  const masks = earlier.map((layer) => traced[`${layer}dis`].data);
  const maps = (names: readonly string[]) => attentionMaps(rowsOf(names), at, sizes, { masks });
  return {
    ...point,
    before: maps(earlier.map((layer) => `${layer}attn`)),
    after: maps(earlier.map((layer) => `${layer}attn_redistributed`)),
    keyKey: maps([...earlier.map((layer) => `${layer}attn_kk`), 'last/attn_kk_last_layer']),
    layerMean: attentionMaps(rowsOf(['last/attn_kk_sum']), at, sizes, { scale: 1 / L }),
    cosines: packFloats(guide['enhance0/cosine'].data.subarray(index * N, (index + 1) * N)),
  };
}

function sharesOf({ labels }: Segmentation, { classes }: ClassList): number[] {
  const counts = new Float64Array(classes.length);
  for (const label of labels) counts[label]++;
  return Array.from(counts, (count) => count / labels.length);
}
