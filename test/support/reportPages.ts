import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { findBenchmark } from '../../datasets/benchmarks/index.ts';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import { writeResultFiles } from '../../evaluation/results/resultFiles.ts';
import { encodeJpeg } from '../../pictures/encodeJpeg.ts';
import { HOSTILE_NAMES, reportResult } from './reportFixture.ts';

/** The thumbnail of every image that has one. */
export const PICTURE = encodeJpeg({ width: 800, height: 200, data: new Uint8Array(800 * 200 * 3).fill(90) }, 70);
const extremes = {
  worst: [
    { id: 'bad "<b>"', mIoU: 0.0123, thumbnail: 'thumbnails/bad.jpg' },
    { id: 'lost', mIoU: 0.2, thumbnail: 'thumbnails/lost.jpg' },
  ],
  best: [
    { id: 'good', mIoU: 0.9, thumbnail: 'thumbnails/good.jpg' },
    { id: 'blank', mIoU: 0.8, thumbnail: null },
  ],
};
/** Results by the name of their folder. */
export const results: Record<string, EvaluationResult> = {
  hostile: reportResult(HOSTILE_NAMES, {
    title: '<i>Title</i> & co',
    extremes,
    failures: [{ id: '<img src=x>', problem: '/data/<script>alert(3)</script>.jpg is none' }],
    shards: { count: 2, indices: [2] },
  }),
  two: reportResult(['background', 'tumour'], { extremes }),
  many: reportResult(
    findBenchmark('cocostuff')!.classes.map(([name]) => name),
    { extremes },
  ),
};

/** A folder with the files of `results`, gone after the tests of the calling file. */
export function useReportPages(): { folder: string; pathOf: (name: string) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-report-'));
  beforeAll(async () => {
    for (const [name, result] of Object.entries(results)) {
      mkdirSync(join(folder, name, 'thumbnails'), { recursive: true });
      for (const picture of ['bad', 'good']) writeFileSync(join(folder, name, 'thumbnails', `${picture}.jpg`), PICTURE);
      await writeResultFiles(join(folder, name), result);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, pathOf: (name) => join(folder, name, 'report.html') };
}
