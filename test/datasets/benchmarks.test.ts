import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  BENCHMARK_NAMES,
  BENCHMARKS,
  benchmarkClassList,
  benchmarkPalette,
  findBenchmark,
} from '../../datasets/benchmarks/index.ts';
import { evaluationSettings } from '../../datasets/publishedSettings.ts';
import { findMethod, METHODS, type PublishedFamily } from '../../rfclip/methods/index.ts';
import { partialSettingsSchema, usesImageSemantics } from '../../rfclip/settings.ts';

interface RecordedBenchmark {
  dataset: string;
  num_classes: number;
  class_names: string[];
  palette_rgb: number[][];
  query_words: string[];
  query_index: number[];
  layout: Record<'image_dir' | 'label_dir' | 'label_dir_rf_clip' | 'image_suffix' | 'label_suffix', string> & {
    split_file: string | null;
  };
  reduce_zero_label: boolean;
  expected_val_images: number;
  rf_clip: Record<string, any>;
  cass: Record<string, any>;
  naclip: Record<string, any>;
  sclip: Record<string, any>;
}

const { benchmarks } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/datasets/benchmarks.json', import.meta.url)), 'utf8'),
) as { benchmarks: Record<string, RecordedBenchmark> };

describe.each(Object.entries(benchmarks))('%s', (name, recorded) => {
  const benchmark = findBenchmark(name)!;

  it('has the published names, words and colours', () => {
    expect(benchmark.title).toBe(recorded.dataset);
    const list = benchmarkClassList(benchmark);
    expect(list.classes.map((one) => one.name)).toEqual(recorded.class_names.map((className) => className.trim()));
    expect(list.queries).toEqual(recorded.query_words);
    expect(Array.from(list.queryToClass)).toEqual(recorded.query_index);
    expect(Array.from(benchmarkPalette(benchmark))).toEqual(recorded.palette_rgb.flat());
    expect(benchmark.classes).toHaveLength(recorded.num_classes);
  });

  it('has the published layout', () => {
    const { layout } = recorded;
    expect(benchmark.layout).toMatchObject({
      imageFolder: layout.image_dir,
      imageSuffix: layout.image_suffix,
      labelSuffix: layout.label_suffix,
    });
    expect(benchmark.layout.labelFolders).toEqual([...new Set([layout.label_dir, layout.label_dir_rf_clip])]);
    expect(benchmark.layout.splitFile ?? null).toBe(layout.split_file);
    expect(benchmark.reduceZeroLabel).toBe(recorded.reduce_zero_label);
    expect(benchmark.expectedPairs).toBe(recorded.expected_val_images);
  });

  it.each([
    ['rfclip', 'rf_clip'],
    ['cass', 'cass'],
    ['naclip', 'naclip'],
    ['sclip', 'sclip'],
  ] as const)('has the published settings of %s', (method: PublishedFamily, key) => {
    const published = recorded[key];
    expect(evaluationSettings(findMethod(method), benchmark.settings)).toEqual({
      resize: published.resize_scale,
      window: published.slide_crop,
      stride: published.slide_stride,
      logitScale: published.logit_scale,
      probabilityThreshold: published.prob_thd,
      clusterThreshold: published.h_threshold ?? 0,
      meanVectorWeight: published.mean_vector_weight ?? 0,
      globalWeight: published.global_semantics_weight ?? 0,
      globalPerWindow: name === 'city_scapes' && (method === 'rfclip' || method === 'cass'),
      areaThreshold: published.area_thd ?? null,
      pamrSteps: published.pamr_steps,
      pamrDilations: published.pamr_stride,
      stretchSpectrum: !(method === 'cass' && (name === 'voc20' || name === 'city_scapes')),
    });
  });
});

describe('the eight benchmarks', () => {
  it('are found by name and alias, in any spelling', () => {
    for (const benchmark of BENCHMARKS)
      for (const name of [benchmark.name, ...benchmark.aliases])
        expect(findBenchmark(name.toUpperCase())).toBe(benchmark);
    expect(BENCHMARK_NAMES).toHaveLength(8);
    expect(
      ['city_scapes', 'cityscapes', 'cocoObject', 'coco_stuff164k', 'VOC_21'].map((name) => findBenchmark(name)?.name),
    ).toEqual(['cityscapes', 'cityscapes', 'coco-object', 'coco-stuff', 'voc21']);
    expect(findBenchmark('voc22')).toBeUndefined();
    const spellings = BENCHMARKS.flatMap(({ name, aliases }) =>
      [name, ...aliases].map((one) => one.replace(/[-_]/g, '')),
    );
    expect(new Set(spellings).size).toBe(spellings.length);
  });

  it('have colours that fit labels, and RF-CLIP figures', () => {
    for (const { classes, published } of BENCHMARKS) {
      for (const [, colour] of classes) expect(colour).toMatch(/^[0-9a-f]{6}$/);
      expect(published!.rfclipPamr).toBeGreaterThanOrEqual(published!.rfclip);
    }
  });
});

describe('settings', () => {
  it('exist for every method, within the limits', () => {
    for (const method of METHODS) {
      for (const { settings } of BENCHMARKS)
        expect(partialSettingsSchema.parse(evaluationSettings(method, settings))).toEqual(
          evaluationSettings(method, settings),
        );
    }
    const voc21 = findBenchmark('voc21')!.settings;
    expect(evaluationSettings(findMethod('rfclip'), voc21)).toEqual({
      resize: [2048, 336],
      window: 0,
      stride: 112,
      logitScale: 40,
      probabilityThreshold: 0.1,
      clusterThreshold: 0.1,
      meanVectorWeight: 0.03,
      globalWeight: 0.1,
      globalPerWindow: false,
      areaThreshold: null,
      pamrSteps: 0,
      pamrDilations: [8, 16],
      stretchSpectrum: true,
    });
    const sclip = evaluationSettings(findMethod('sclip'), voc21);
    expect(sclip).toMatchObject({ window: 224, stride: 112, logitScale: 65, areaThreshold: 0.1 });
    expect(usesImageSemantics(sclip)).toBe(false);
    expect(evaluationSettings(findMethod('naclip'), voc21)).toMatchObject({ pamrSteps: 10, pamrDilations: [8, 16] });
  });

  it('of plain CLIP are those of RF-CLIP without image semantics', () => {
    const { settings } = findBenchmark('cityscapes')!;
    expect(evaluationSettings(findMethod('clip'), settings)).toEqual({
      ...evaluationSettings(findMethod('rfclip'), settings),
      clusterThreshold: 0,
      meanVectorWeight: 0,
      globalWeight: 0,
      globalPerWindow: false,
    });
    expect(evaluationSettings(findMethod('rfclip-refocus'), settings)).toEqual(
      evaluationSettings(findMethod('rfclip'), settings),
    );
  });

  it('are copies: changing one result changes no other', () => {
    evaluationSettings(findMethod('rfclip'), findBenchmark('voc21')!.settings).resize[0] = 1;
    expect(evaluationSettings(findMethod('rfclip'), findBenchmark('voc21')!.settings).resize).toEqual([2048, 336]);
  });
});
