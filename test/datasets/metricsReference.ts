import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readFixture } from '../support/safetensors.ts';

/** One recorded case of MMSegmentation's IoUMetric or of a published label conversion. */
export interface MetricsCase {
  name: string;
  parameters: {
    num_classes: number;
    n_images: number;
    reduce_zero_label: boolean;
    summary_percent_2dp: { aAcc: number; mIoU: number; mAcc: number };
    mIoU_full: number;
    mAcc_full: number;
    aAcc_full: number;
  };
}

const path = (file: string) => fileURLToPath(new URL(`../fixtures/datasets/${file}`, import.meta.url));
const tensors = readFixture(path('metrics.safetensors'));
const recorded = JSON.parse(readFileSync(path('metrics.json'), 'utf8')) as {
  cases: MetricsCase[];
  cocoObjectTable: Record<string, number>;
};

/** Every recorded case whose name begins with this. */
export function metricsCases(prefix: string): MetricsCase[] {
  return recorded.cases.filter(({ name }) => name.startsWith(prefix));
}

/** A tensor of a case, as numbers. */
export function recordedNumbers({ name }: MetricsCase, role: string): number[] {
  const tensor = tensors.get(`${name}/${role}`);
  if (tensor === undefined) throw new Error(`the metrics fixture has no ${name}/${role}`);
  return Array.from(tensor.data as Float32Array);
}

/** COCO-Stuff id -> COCO-Object id, as published. */
export const cocoObjectTable = recorded.cocoObjectTable;
