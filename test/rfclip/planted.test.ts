import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { SAMPLE_FOLDER } from '../../datasets/sampleFolder.ts';
import { listVocFolder } from '../../datasets/vocFolder.ts';
import { Device } from '../../engine/device.ts';
import { runAblation } from '../../evaluation/ablation.ts';
import { ABLATION_ROWS } from '../../rfclip/ablation.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { PLANTED_CHECKPOINT } from '../../rfclip/embeddedCheckpoint.ts';
import { makeRfclipPaper, RFCLIP_PAPER_DEFAULTS } from '../../rfclip/methods/rfclipPaper.ts';
import { prepareImage } from '../../rfclip/prepareImage.ts';
import { DEFAULT_SETTINGS } from '../../rfclip/settings.ts';
import { SILENT } from '../../system/reporter.ts';
import { TraceCollector } from '../support/trace.ts';

/** The unit is planted in the block of this index; what enters the next has distraction tokens. */
const PLANTED_LAYER = 2;
const { classes, pairs } = listVocFolder(SAMPLE_FOLDER);
let device: Device;
let model: ClipModel;

beforeAll(async () => {
  device = await Device.create({ debug: '' });
  model = ClipModel.open({ device, checkpoint: PLANTED_CHECKPOINT, cacheText: false });
});
afterAll(() => {
  model.close();
  device.destroy();
});

describe('the planted checkpoint', () => {
  it('says that its effect is planted', () => {
    expect(model.notes[0]).toMatch(/^planted.safetensors: its distraction tokens are planted: .* not the merit/);
  });

  it('has a few tokens past 5/d that draw much attention, and loses most of it to refocusing', async () => {
    const traced = await traceScene(25);
    for (let layer = 0; layer <= PLANTED_LAYER; layer++) expect(share(traced(layer, 'dis')), `${layer}`).toBe(0);
    for (const layer of [PLANTED_LAYER + 1, PLANTED_LAYER + 2]) {
      const distracting = traced(layer, 'dis');
      expect(share(distracting), `${layer}`).toBeGreaterThan(0.01);
      expect(share(distracting), `${layer}`).toBeLessThan(0.25);
      const before = attentionTo(distracting, traced(layer, 'attn'));
      expect(before, `${layer}`).toBeGreaterThan(2 * share(distracting));
      const after = attentionTo(distracting, traced(layer, 'attn_redistributed'));
      expect(after, `${layer}`).toBeLessThan(0.35 * before);
    }
  });

  it('gives the order of the ablation: baseline, attention, both; random tokens do not help', async () => {
    const names = [
      'layer-averaged key-key attention',
      'random tokens, mean filter',
      'attention redistributed',
      'both redistributed',
    ];
    const { rows } = await runAblation({
      model,
      classes,
      pairs: pairs.slice(0, 4),
      settings: structuredClone(DEFAULT_SETTINGS),
      rows: ABLATION_ROWS.filter(({ name }) => names.includes(name)),
      reporter: SILENT,
    });
    const [baseline, random, attention, both] = names.map((name) => rows.find((row) => row.name === name)!);
    for (const figure of ['mIoU', 'aAcc'] as const) {
      expect(random[figure], figure).toBeLessThanOrEqual(baseline[figure]!);
      expect(attention[figure], figure).toBeGreaterThan(baseline[figure]!);
      expect(both[figure], figure).toBeGreaterThan(attention[figure]!);
    }
  });
});

/** Traces of `rfclip-paper` without embedding redistribution, so that all tokens stay, on one whole scene. */
async function traceScene(index: number): Promise<(layer: number, name: string) => Float32Array> {
  const { data, height, width } = prepareImage(await readImage(pairs[index].image), DEFAULT_SETTINGS.resize);
  const collector = new TraceCollector();
  const { distractionDimensions } = model;
  const method = makeRfclipPaper({
    ...RFCLIP_PAPER_DEFAULTS,
    attention: 'others',
    embedding: 'none',
    distractionDimensions: distractionDimensions!,
  });
  device.scope(() => {
    method.encode(model.imageEncoder, device.tensor(data, [1, 3, height, width]), collector.trace);
  });
  const tensors = await collector.read();
  return (layer, name) => tensors.get(`layer${layer}/${name}`)!.data as Float32Array;
}

function share(mask: Float32Array): number {
  return mask.reduce((sum, value) => sum + value, 0) / mask.length;
}

/** Mean attention of all tokens and heads to the masked patches: mask [N], attention [1, H, T, T]. */
function attentionTo(mask: Float32Array, attention: Float32Array): number {
  const T = mask.length + 1;
  let sum = 0;
  for (let i = 0; i < attention.length; i++) if (i % T > 0 && mask[(i % T) - 1] === 1) sum += attention[i];
  return sum / (attention.length / T);
}
