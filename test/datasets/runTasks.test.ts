import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTasks } from '../../datasets/convert/runTasks.ts';
import { SILENT } from '../../system/reporter.ts';
import { writeUnder } from './miniatures.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-tasks-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('runTasks', () => {
  const run = (count: number, threads: number, body: string, reporter = SILENT) => {
    const tasks = Array.from({ length: count }, (_, index) => ({
      kind: 'mask' as const,
      conversion: 'coco-object' as const,
      source: `${index}.png`,
      target: join(folder, `${index}_instanceTrainIds.png`),
    }));
    const file = pathToFileURL(
      writeUnder(
        folder,
        'thread.mjs',
        `import { parentPort } from 'node:worker_threads';
      parentPort.on('message', ({ task: { source } }) => {
        ${body} parentPort.postMessage({ value: { status: 'written' } }); });`,
      ),
    );
    return runTasks(tasks, { mode: 'convert', threads, reporter, file });
  };

  it('names the files on which threads died or met what nobody foresaw, and does the others', async () => {
    const { counts, problems, notBegun } = await run(
      6,
      2,
      `
      if (source === '1.png') process.exit(3);
      if (source === '2.png') throw new RangeError('Array buffer allocation failed');
      if (source === '4.png') return parentPort.postMessage({ unforeseen: new TypeError('x is not a function') });`,
    );
    expect(counts).toMatchObject({ written: 3, failed: 3 });
    expect(problems).toEqual([
      expect.stringMatching(/^1\.png cannot be converted: a thread of .* ended by itself with exit code 3$/),
      '2.png cannot be converted: Array buffer allocation failed',
      '4.png cannot be converted: x is not a function',
    ]);
    expect(notBegun).toBe(0);
  });

  it('tells how many threads there were, not how many were asked for', async () => {
    expect(await run(70, 1000, '')).toMatchObject({ threads: 64, counts: { written: 70 } });
    expect(await run(2, 8, '')).toMatchObject({ threads: 2, counts: { written: 2 } });
  });

  it('says once for every file how far it is, and twenty times for many', async () => {
    const lines: string[] = [];
    const totals: number[] = [];
    const step = (line: string) => void lines.push(line.replace(/,.*/, ''));
    const progress = (_: string, total: number) => (totals.push(total), { step, stop: () => {} });
    await run(3, 1, '', { ...SILENT, progress });
    expect(lines).toEqual(['1 of 3 files', '2 of 3 files', '3 of 3 files']);
    await run(70, 1, '', { ...SILENT, progress });
    expect(lines.slice(3)).toHaveLength(20);
    expect(totals).toEqual([3, 20]);
  });
});
