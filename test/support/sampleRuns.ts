import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JournalEntry, parseJournal } from '../../evaluation/run/journal.ts';
import { type EvaluationResult, parseResult } from '../../evaluation/results/result.ts';
import { SAMPLE_FOLDER } from '../../datasets/sampleFolder.ts';
import { cacheWithTextFeatures } from './suiteFolder.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The first scenes of the sample set. */
export const SCENES: readonly string[] = Array.from({ length: 8 }, (_, k) => `scene_000${k}`);

/** Flags that make an evaluation quick. */
export const QUICK: readonly string[] = ['--resize', '112', '--whole'];

/** Environment of a command that no scheduler started, with a cache of its own but for text features. */
export function quietEnvironment(cache: string): Record<string, string | undefined> {
  const variables = ['SLURM_ARRAY_TASK_ID', 'SLURM_PROCID', 'SLURM_NTASKS', 'JOB_COMPLETION_INDEX', 'RANK'];
  const scheduler = variables.map((name) => [name, undefined]);
  return { ...Object.fromEntries(scheduler), RFCLIP_CACHE_DIR: cacheWithTextFeatures(cache) };
}

/** Copies scenes of the sample set to a data set of their own, in PASCAL VOC layout. */
export function copyScenes(folder: string, ids: readonly string[] = SCENES): void {
  for (const part of ['JPEGImages', 'SegmentationClass', 'ImageSets/Segmentation'])
    mkdirSync(join(folder, part), { recursive: true });
  for (const id of ids)
    for (const file of [`JPEGImages/${id}.jpg`, `SegmentationClass/${id}.png`])
      copyFileSync(join(SAMPLE_FOLDER, file), join(folder, file));
  copyFileSync(join(SAMPLE_FOLDER, 'classes.txt'), join(folder, 'classes.txt'));
  writeFileSync(join(folder, 'ImageSets/Segmentation/val.txt'), ids.join('\n'));
}

/** The result in a run folder. */
export function readResult(folder: string): EvaluationResult {
  return parseResult(readFileSync(join(folder, 'result.json'), 'utf8'), folder);
}

/** The images that a run folder's journal holds; none where there is no journal yet. */
export function readJournal(folder: string): JournalEntry[] {
  const path = join(folder, 'journal.ndjson');
  return existsSync(path) ? parseJournal(readFileSync(path), path).entries : [];
}

/** A command that runs beside the test. */
export interface RunningCli {
  child: ChildProcess;
  ended: Promise<{ code: number | null; stderr: string }>;
}

/** Starts the built CLI. */
export function startCli(args: readonly string[], environment: Record<string, string | undefined>): RunningCli {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr }))) };
}

/** Starts the built CLI and waits until something has been reached, or the command has ended. */
export async function startUntil(
  reached: () => boolean,
  args: readonly string[],
  environment: Record<string, string | undefined>,
): Promise<RunningCli> {
  const running = startCli(args, environment);
  while (running.child.exitCode === null && !reached()) await new Promise((resolve) => setTimeout(resolve, 2));
  return running;
}

/** Starts the built CLI and waits until the journal in `out` holds an image, or the command has ended. */
export function startUntilFirstImage(
  args: readonly string[],
  out: string,
  environment: Record<string, string | undefined>,
): Promise<RunningCli> {
  return startUntil(() => readJournal(out).length > 0, args, environment);
}
