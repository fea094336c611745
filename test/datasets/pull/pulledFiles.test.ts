import { expect, test } from 'vitest';
import { BENCHMARKS } from '../../../datasets/benchmarks/index.ts';
import { isPulledFile } from '../../../datasets/pull/pulledFiles.ts';
import { usePullBench, write } from './pullBench.ts';

const bench = usePullBench();

test('all that pulls leave is known, and nothing else', async () => {
  for (const { name } of BENCHMARKS.filter((one) => one.name !== 'cityscapes')) await bench.pull(name);
  expect(bench.tree().filter((path) => !isPulledFile(path))).toEqual([]);
  for (const path of ['notes.txt', 'VOCdevkit/VOC2012/mine.jpg', 'VOCdevkit/VOC2012/JPEGImages/mine.txt'])
    expect([path, isPulledFile(path)]).toEqual([path, false]);
  write(`${bench.data}/archives/a.tar.part`, 'x');
  expect(bench.tree().filter((path) => !isPulledFile(path))).toEqual([]);
}, 60_000);
