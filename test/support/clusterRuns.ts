import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import { type CliResult, runCli } from './runCli.ts';
import { QUICK, quietEnvironment, readJournal, readResult } from './sampleRuns.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The scripts under test. */
export const EXAMPLES = join(ROOT, 'examples/cluster');
/** Flags of a run over 8 images. */
export const OPTIONS = ['--limit', '8', '--method', 'naclip', ...QUICK];

/** A command that runs. */
export interface Started {
  child: ChildProcess;
  /** Exit code and both outputs together. */
  ended: Promise<{ code: number | null; output: string }>;
}

/** Environment variables; undefined takes one away. */
export type Variables = Record<string, string | undefined>;

/** A folder for the runs of a test file, with `rfclip` on the path of what is started there. */
export class ClusterRuns {
  /** Gone after the tests. */
  readonly folder = mkdtempSync(join(tmpdir(), 'rfclip-cluster-'));
  readonly environment: Variables;
  readonly #started: ChildProcess[] = [];
  #single: EvaluationResult | undefined;

  constructor() {
    const commands = join(this.folder, 'bin');
    mkdirSync(commands);
    this.writeCommand('rfclip', `exec '${process.execPath}' '${join(ROOT, 'dist/cli/main.js')}' "$@"`);
    this.environment = {
      ...quietEnvironment(join(this.folder, 'cache')),
      ...Object.fromEntries(
        [
          'SLURM_ARRAY_TASK_COUNT',
          'SLURM_RESTART_COUNT',
          'CUDA_VISIBLE_DEVICES',
          'DRI_PRIME',
          'RFCLIP',
          'SHARDS',
          'DATA',
          'CHECKPOINT',
          'RFCLIP_DEBUG',
        ].map((name) => [name, undefined]),
      ),
      PATH: `${commands}:${process.env.PATH}`,
    };
  }

  /** Evaluates the 8 images in one piece, into `single`. */
  async runSingle(): Promise<void> {
    expect(await this.evaluate('single')).toMatchObject({ code: 0 });
    this.#single = readResult(join(this.folder, 'single'));
  }

  /** Evaluates the 8 images, or the part of them that the variables name. */
  evaluate(out: string, args: readonly string[] = [], more: Record<string, string> = {}): Promise<CliResult> {
    return runCli(['eval', 'sample', ...OPTIONS, '--out', join(this.folder, out), ...args], {
      environment: { ...this.environment, ...more },
    });
  }

  /** Everything but times and names of pictures: what a sum of shards must have in common with a run in one piece. */
  expectSingle(out: string): void {
    const { confusion, metrics, classes, images, failures, evaluation } = readResult(join(this.folder, out));
    expect({ confusion, metrics, classes, images, failures, evaluation }).toEqual({
      confusion: this.#single!.confusion,
      metrics: this.#single!.metrics,
      classes: this.#single!.classes,
      images: { selected: 8, counted: 8 },
      failures: [],
      evaluation: this.#single!.evaluation,
    });
  }

  /** Puts a shell command on the path. */
  writeCommand(name: string, body: string): void {
    const path = join(this.folder, 'bin', name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`);
    chmodSync(path, 0o755);
  }

  /** Takes it away again. */
  removeCommand(name: string): void {
    rmSync(join(this.folder, 'bin', name));
  }

  /** Starts a command as a group of its own, so that a signal can reach all of it, as Slurm's do. */
  start(command: string, args: readonly string[], more: Variables = {}): Started {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...process.env, ...this.environment, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#started.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, output }))) };
  }

  /** Starts one of the scripts under test. */
  script(name: string, more: Variables, args: readonly string[] = []): Started {
    return this.start('bash', [join(EXAMPLES, name), ...args], { OPTIONS: OPTIONS.join(' '), ...more });
  }

  /** Ends what a failed test left running, and removes the folder. */
  close(): void {
    for (const { pid, exitCode, signalCode } of this.#started)
      if (exitCode === null && signalCode === null) killGroup(pid!);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs for the calling test file. @param options.single whether the run in one piece is needed */
export function useClusterRuns(options: { single: boolean }): ClusterRuns {
  const runs = new ClusterRuns();
  beforeAll(() => (options.single ? runs.runSingle() : undefined));
  afterAll(() => runs.close());
  return runs;
}

/** Waits until an image is in the journal of a run's folder, or the run has ended. */
export async function firstImage({ child }: Started, out: string): Promise<void> {
  while (child.exitCode === null && readJournal(out).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 2));
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // It has ended in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
