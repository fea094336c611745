import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatClassComparison, formatComparison } from '../../../cli/eval/comparisonTables.ts';
import { comparisonDocument } from '../../../evaluation/results/comparisonDocument.ts';
import { compareResults } from '../../../evaluation/results/comparison.ts';
import { formatComparisonCsv, formatComparisonMarkdown } from '../../../evaluation/results/comparisonReport.ts';
import type { RunManifest } from '../../../evaluation/run/manifest.ts';
import { evaluationSettings } from '../../../datasets/publishedSettings.ts';
import { findMethod } from '../../../rfclip/methods/index.ts';
import { EMBEDDED_CHECKPOINT_SHA256, PLANTED_CHECKPOINT_SHA256 } from '../../../rfclip/embeddedCheckpoint.ts';
import { EMBEDDED_CHECKPOINT } from '../../../rfclip/clipModel.ts';
import { resultOf, sampleManifest } from '../samples.ts';

type Configuration = RunManifest['configuration'];
const entry = (
  name: string,
  configuration: Partial<Configuration>,
  images = 4,
  changes: Partial<RunManifest> = {},
) => ({
  name,
  path: `${name}/result.json`,
  result: resultOf(images, 1, 1, {
    configuration: { ...sampleManifest().configuration, ...configuration },
    images: { count: images, sha256: `${images}` },
    ...changes,
  }),
});

describe('compareResults', () => {
  it('puts methods in columns and data sets in the order of papers, with published figures', () => {
    const comparison = compareResults([
      entry('a', { dataSet: 'sample' }),
      entry('b', { dataSet: 'ade20k', method: 'naclip' }),
      entry('c', { dataSet: 'voc21' }),
      entry('d', { dataSet: 'voc21', method: 'naclip' }, 1449),
    ]);
    expect(comparison.columns).toEqual(['rfclip', 'naclip']);
    expect(comparison.publishedColumns).toEqual(['RF-CLIP, published', 'with PAMR', 'NACLIP with PAMR, published']);
    expect(
      comparison.rows.map(({ dataSet, results, published }) => [
        dataSet,
        results.map((result) => result !== undefined),
        published,
      ]),
    ).toEqual([
      ['voc21', [true, true], [64.8, 67.2, 64.07]],
      ['ade20k', [false, true], [20.4, 21, 19.05]],
      ['sample', [true, false], [undefined, undefined, undefined]],
    ]);
    expect(comparison.remarks).toContain('voc21, rfclip: 4 images, while published figures are of 1449');
    expect(comparison.remarks).toContain(
      'voc21, naclip against rfclip: the number of images is 1449, not 4; the image list (sha256) is 1449, not 4',
    );
    expect(comparison.remarks).toHaveLength(3);
  });

  it('names runs of one method as the user did, and says which settings differ', () => {
    const { settings } = sampleManifest().configuration;
    const comparison = compareResults([
      entry('plain', {}),
      entry('refined', { settings: { ...settings, pamrSteps: 10 } }),
    ]);
    expect(comparison.columns).toEqual(['plain', 'refined']);
    expect(comparison.publishedColumns).toEqual([]);
    expect(comparison.remarks).toEqual(['sample, refined against plain: the setting pamrSteps is 10, not 0']);
  });

  it('names runs by folder and method where neither alone tells them apart', () => {
    const both = (name: string) =>
      (['rfclip', 'naclip'] as const).map((method) => ({ ...entry(name, { method }), path: `${name}/${method}` }));
    expect(compareResults([...both('old'), ...both('new')]).columns).toEqual([
      'old rfclip',
      'old naclip',
      'new rfclip',
      'new naclip',
    ]);
    expect(compareResults([entry('x', {}), { ...entry('x', {}), path: 'x/second' }]).columns).toEqual([
      'x/result.json',
      'x/second',
    ]);
  });

  it('does not hold settings against another method, but the checkpoint', () => {
    const naclip = { method: 'naclip' as const, settings: evaluationSettings(findMethod('naclip')) };
    expect(compareResults([entry('a', {}), entry('b', naclip)]).remarks).toEqual([]);
    expect(
      compareResults([
        entry('a', {}),
        entry('b', naclip, 4, { model: { ...sampleManifest().model, checkpoint: 'e'.repeat(64) } }),
      ]).remarks,
    ).toEqual(['sample, naclip against rfclip: the checkpoint (sha256) is eeeeeeeeeeee, not bbbbbbbbbbbb']);
  });

  it('knows a folder by its images and classes, whatever it was called', () => {
    const folder = (name: string, title: string, images: number, changes: Partial<RunManifest> = {}) => {
      const made = entry(name, { dataSet: 'folder', method: name as Configuration['method'] }, images, changes);
      return { ...made, result: { ...made.result, title } };
    };
    const rowsOf = (...results: ReturnType<typeof folder>[]) =>
      compareResults(results).rows.map(({ dataSet, results: own }) => [
        dataSet,
        own.map((result) => result !== undefined),
      ]);
    expect(rowsOf(folder('clip', './mine', 4), folder('naclip', '/data/mine', 4))).toEqual([['./mine', [true, true]]]);
    const images = { count: 4, sha256: 'a'.repeat(64) };
    const classes = { count: 3, sha256: 'f'.repeat(64) };
    const { classes: usual } = sampleManifest();
    const shown = (other: typeof classes) => `data (images aaaaaaaa, classes ${other.sha256.slice(0, 8)})`;
    expect(rowsOf(folder('clip', 'data', 4, { images }), folder('naclip', 'data', 4, { images, classes }))).toEqual(
      [
        [shown(usual), [true, false]],
        [shown(classes), [false, true]],
      ].sort(),
    );
    expect(rowsOf(folder('clip', 'data', 4), folder('clip', 'data', 5))).toHaveLength(2);
  });

  it('a folder that is called like a benchmark is none', () => {
    const made = entry('a', { dataSet: 'folder' });
    const comparison = compareResults([
      { ...made, result: { ...made.result, title: 'voc21' } },
      entry('b', { dataSet: 'voc21' }, 1449),
    ]);
    expect(comparison.rows.map(({ dataSet, published }) => [dataSet, published])).toEqual([
      ['voc21', [64.8, 67.2]],
      ['voc21 (images 4, classes aaaaaaaa)', [undefined, undefined]],
    ]);
    expect(comparison.remarks).toEqual([]);
  });

  it('says that figures of the embedded checkpoint are not to be held against published ones', () => {
    expect(createHash('sha256').update(readFileSync(EMBEDDED_CHECKPOINT)).digest('hex')).toBe(
      EMBEDDED_CHECKPOINT_SHA256,
    );
    const model = { ...sampleManifest().model, checkpoint: EMBEDDED_CHECKPOINT_SHA256 };
    expect(compareResults([entry('a', { dataSet: 'voc21' }, 1449, { model })]).remarks).toEqual([
      'voc21, rfclip: made with the embedded checkpoint, whose figures say nothing beside published ones',
    ]);
    expect(compareResults([entry('a', { dataSet: 'sample' }, 40, { model })]).remarks).toEqual([]);
  });

  it('says of the planted checkpoint that its effect is planted, on any data set', () => {
    const model = { ...sampleManifest().model, checkpoint: PLANTED_CHECKPOINT_SHA256 };
    expect(compareResults([entry('a', { dataSet: 'sample' }, 40, { model })]).remarks).toEqual([
      'sample, rfclip: the distraction tokens of this checkpoint are planted: figures show the mechanism, not the ' +
        'merit of a method',
    ]);
  });

  it('says what was not evaluated', () => {
    const whole = entry('a', {});
    const failed = { ...whole, result: { ...whole.result, images: { selected: 4, counted: 3 } } };
    expect(compareResults([failed]).remarks).toEqual(['sample, rfclip: 1 of 4 images could not be evaluated']);
    expect(compareResults([{ ...whole, result: resultOf(9, 2, 3) }]).remarks).toEqual([
      'sample, rfclip: only 1 of 3 shards',
    ]);
  });
});

describe('reports of comparisons', () => {
  const comparison = compareResults([entry('a|b', { dataSet: 'voc20' }), entry('c,d', { dataSet: 'voc20' }, 3)]);

  it('as Markdown', () => {
    const [head, , row] = formatComparisonMarkdown(comparison).split('\n');
    expect(head).toBe('| data set | a\\|b | c,d | RF-CLIP, published | with PAMR |');
    expect(row).toMatch(/^\| voc20 \| \d+\.\d\d \| \d+\.\d\d \| 87.0 \| 87.0 \|$/);
  });

  it('as CSV', () => {
    const lines = formatComparisonCsv(comparison).split('\r\n');
    expect(lines[0]).toBe('dataSet,run,method,mIoU,mAcc,aAcc,images');
    expect(lines[2]).toMatch(/^voc20,"c,d",rfclip,0\.\d+,0\.\d+,0\.\d+,3$/);
    expect(lines[3]).toBe('voc20,"RF-CLIP, published",,0.87,,,');
  });
});

describe('a baseline of choice', () => {
  const naclip: Partial<Configuration> = { method: 'naclip' };
  const entries = [
    entry('out/a', {}, 4),
    entry('out/b', naclip, 6),
    entry('out/c', { method: 'clip' }, 4),
    entry('out/c', { method: 'clip', dataSet: 'voc21' }, 1449),
  ];
  const compare = (baseline: string) => compareResults(entries, { baseline });

  it.each(['naclip', 'out/b', './out/b/', 'out/b/result.json'])('is found by %s', (baseline) => {
    expect(compare(baseline).baseline).toBe('naclip');
  });

  it('is refused where it is none of the runs, or several', () => {
    expect(() => compare('sclip')).toThrow(
      'the baseline sclip is none of the compared runs; expected one of rfclip, naclip, clip',
    );
    const both = [entry('out', {}), entry('out', naclip)];
    expect(() => compareResults(both, { baseline: 'out' })).toThrow('the baseline out may be any of rfclip, naclip');
    const runs = [entry('x', {}), entry('y', {}), entry('z', naclip)];
    expect(() => compareResults(runs, { baseline: 'rfclip' })).toThrow('the baseline rfclip may be any of x, y;');
  });

  it('is what the others are held against: in remarks, documents and files', () => {
    const comparison = compare('naclip');
    expect(comparison.remarks.filter((remark) => remark.includes('against'))).toEqual([
      expect.stringContaining('sample, rfclip against naclip: the number of images is 4, not 6'),
      expect.stringContaining('sample, clip against naclip: the number of images is 4, not 6'),
    ]);
    const [mIoU, base] = [entries[0].result.metrics.mIoU!, entries[1].result.metrics.mIoU!];
    const points = (100 * (mIoU - base)).toFixed(2);
    expect(formatComparisonMarkdown(comparison)).toMatch(
      new RegExp(`\\| sample \\| \\d+\\.\\d\\d \\(\\+?${points}\\) \\| \\d+\\.\\d\\d \\| `),
    );
    expect(formatComparisonMarkdown(comparison)).toContain('In parentheses: percentage points above naclip.');
    const lines = formatComparisonCsv(comparison).split('\r\n');
    expect(lines[0]).toBe('dataSet,run,method,mIoU,mAcc,aAcc,images,againstBaseline');
    const row = lines.find((line) => line.startsWith('sample,rfclip,'))!;
    expect(Number(row.replaceAll("'", '').split(',').at(-1))).toBe(mIoU - base);
    expect(new Set(lines.slice(0, -1).map((line) => line.replace(/"[^"]*"/g, '').split(',').length))).toEqual(
      new Set([8]),
    );
    const document = comparisonDocument(comparison) as {
      baseline: string;
      dataSets: { runs: Record<string, { againstBaseline?: { mIoU: number; classes: Record<string, number> } }> }[];
    };
    expect(document.baseline).toBe('naclip');
    // VOC has no run of the baseline.
    expect(document.dataSets[0].runs.clip.againstBaseline).toBeUndefined();
    const { runs } = document.dataSets[1];
    expect(runs.rfclip.againstBaseline).toMatchObject({ mIoU: mIoU - base });
    expect(Object.keys(runs.rfclip.againstBaseline!.classes)).toEqual(['cat', 'a, b', 'the | dog']);
    expect(runs.naclip.againstBaseline?.mIoU).toBe(0);
  });

  it('is what tables of the command line are about', () => {
    const comparison = compare('naclip');
    expect(formatComparison(comparison)).toMatch(/sample\s+│\s+\d+\.\d\d \([+-]\d+\.\d\d\) │\s+\d+\.\d\d │/);
    expect(formatClassComparison(comparison.rows[1], comparison)).toMatch(/cat, cats\s+│\s+\d+\.\d\d \([+-]/);
    const one = compareResults(entries.slice(0, 2), { baseline: 'out/b' });
    expect(formatComparison(one)).toContain('mIoU against naclip');
    expect(formatClassComparison(one.rows[0], one)).not.toContain('difference');
    const plain = compareResults(entries.slice(0, 2));
    expect(formatClassComparison(plain.rows[0], plain)).toContain('difference');
  });
});
