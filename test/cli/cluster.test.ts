import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { BENCHMARK_NAMES, findBenchmark } from '../../datasets/benchmarks/index.ts';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import { buildMiniature } from '../datasets/miniatures.ts';
import { runCli } from '../support/runCli.ts';
import { QUICK, quietEnvironment, readJournal, readResult, startUntilFirstImage } from '../support/sampleRuns.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'examples/cluster');
const EMBEDDED = join(ROOT, 'clip/weights/microclip.safetensors');
const OPTIONS = ['--limit', '8', '--method', 'naclip', ...QUICK];
const HALVES = [0, 1];
/** The scripts are for bash and GNU tools. */
const onLinux = describe.skipIf(process.platform !== 'linux');

let folder: string;
let environment: Record<string, string | undefined>;
let single: EvaluationResult;
const started: ChildProcess[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-cluster-'));
  const commands = join(folder, 'bin');
  mkdirSync(commands);
  writeCommand(join(commands, 'rfclip'), `exec '${process.execPath}' '${join(ROOT, 'dist/cli/main.js')}' "$@"`);
  environment = {
    ...quietEnvironment(join(folder, 'cache')),
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
  expect(await evaluate('single')).toMatchObject({ code: 0 });
  single = readResult(join(folder, 'single'));
});
afterAll(() => {
  // What a failed test left running.
  for (const { pid, exitCode, signalCode } of started) if (exitCode === null && signalCode === null) killGroup(pid!);
  rmSync(folder, { recursive: true, force: true });
});

const evaluate = (out: string, args: readonly string[] = [], more: Record<string, string> = {}) =>
  runCli(['eval', 'sample', ...OPTIONS, '--out', join(folder, out), ...args], {
    environment: { ...environment, ...more },
  });

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // It has ended in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function writeCommand(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

/** Everything but times and names of pictures: what a sum of shards must have in common with a run in one piece. */
function expectSingle(out: string): void {
  const { confusion, metrics, classes, images, failures, evaluation } = readResult(join(folder, out));
  expect({ confusion, metrics, classes, images, failures, evaluation }).toEqual({
    confusion: single.confusion,
    metrics: single.metrics,
    classes: single.classes,
    images: { selected: 8, counted: 8 },
    failures: [],
    evaluation: single.evaluation,
  });
}

interface Started {
  child: ChildProcess;
  /** Exit code and both outputs together. */
  ended: Promise<{ code: number | null; output: string }>;
}

/** Starts a command as a group of its own, so that a signal can reach all of it, as Slurm's do. */
function start(command: string, args: readonly string[], more: Record<string, string | undefined> = {}): Started {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...environment, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return { child, ended: new Promise((resolve) => child.on('close', (code) => resolve({ code, output }))) };
}

async function firstImage({ child }: Started, out: string): Promise<void> {
  while (child.exitCode === null && readJournal(out).length === 0)
    await new Promise((resolve) => setTimeout(resolve, 2));
}

const script = (name: string, more: Record<string, string | undefined>, args: readonly string[] = []) =>
  start('bash', [join(EXAMPLES, name), ...args], { OPTIONS: OPTIONS.join(' '), ...more });

describe('two processes with the variables of a scheduler, merged, are the single run', () => {
  const schedulers: [string, (half: number) => Record<string, string>, string][] = [
    [
      'a Slurm array',
      (half) => ({
        SLURM_ARRAY_TASK_ID: `${half * 3 + 4}`,
        SLURM_ARRAY_TASK_MIN: '4',
        SLURM_ARRAY_TASK_STEP: '3',
        SLURM_ARRAY_TASK_COUNT: '2',
        SLURM_PROCID: '0',
        SLURM_NTASKS: '1',
      }),
      'SLURM_ARRAY_TASK_ID=',
    ],
    ['srun', (half) => ({ SLURM_PROCID: `${half}`, SLURM_NTASKS: '2' }), 'SLURM_PROCID='],
    [
      'a Kubernetes Indexed Job',
      (half) => ({ JOB_COMPLETION_INDEX: `${half}`, JOB_COMPLETION_COUNT: '2' }),
      'JOB_COMPLETION_INDEX=',
    ],
    ['torchrun', (half) => ({ RANK: `${half}`, WORLD_SIZE: '2', LOCAL_RANK: '0' }), 'RANK='],
  ];
  test.each(schedulers)('%s', async (name, variables, source) => {
    const runs = await Promise.all(HALVES.map((half) => evaluate(name, [], variables(half))));
    for (const run of runs)
      expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining(`of 2, from ${source}`) });
    expect(
      await runCli([
        'merge',
        ...HALVES.map((half) => join(folder, name, `shard-${half + 1}-of-2`)),
        '--out',
        join(folder, name),
      ]),
    ).toMatchObject({ code: 0 });
    expectSingle(name);
  });

  test('one of them killed in the middle: merging refuses until it has gone on', async () => {
    const shard = (half: number) => join(folder, 'killed', `shard-${half + 1}-of-2`);
    const [, variables] = schedulers[2];
    const running = await startUntilFirstImage(
      ['eval', 'sample', ...OPTIONS, '--out', join(folder, 'killed')],
      shard(0),
      { ...environment, ...variables(0) },
    );
    running.child.kill('SIGKILL');
    expect(await running.ended).toMatchObject({ code: null });
    const done = readJournal(shard(0)).length;
    expect(done).toBeLessThan(4);
    expect(await evaluate('killed', ['--resume'], variables(1))).toMatchObject({ code: 0 });
    const merge = () => runCli(['merge', shard(0), shard(1), '--out', join(folder, 'killed')]);
    expect(await merge()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/shard-1-of-2\/result\.json does not exist\n.*--resume/),
    });
    expect(await evaluate('killed', ['--resume'], variables(0))).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`${done} of 4 images were done before`),
    });
    expect(await merge()).toMatchObject({ code: 0 });
    expectSingle('killed');
  });
});

onLinux('slurm.sbatch and merge.sbatch', () => {
  const task = (half: number, more: Record<string, string> = {}) =>
    script('slurm.sbatch', {
      OUT: join(folder, 'slurm'),
      SLURM_ARRAY_JOB_ID: '70',
      SLURM_ARRAY_TASK_ID: `${half}`,
      SLURM_ARRAY_TASK_MIN: '0',
      SLURM_ARRAY_TASK_COUNT: '2',
      ...more,
    });
  const shard = (half: number) => join(folder, 'slurm', `shard-${half + 1}-of-2`);

  test(
    'a task that runs out of time is requeued, a cancelled one is not, both go on, and the sum is the single ' + 'run',
    async () => {
      writeCommand(join(folder, 'bin/scontrol'), `echo "$*" >>'${join(folder, 'scontrol')}'`);
      const late = task(0);
      await firstImage(late, shard(0));
      late.child.kill('SIGUSR1');
      expect(await late.ended).toMatchObject({
        code: 143,
        output: expect.stringMatching(/interrupted: finishing the image[^]*out of time, goes on/),
      });
      expect(readFileSync(join(folder, 'scontrol'), 'utf8')).toBe('requeue 70_0\n');
      const cancelled = task(1);
      await firstImage(cancelled, shard(1));
      process.kill(-cancelled.child.pid!, 'SIGTERM');
      expect(await cancelled.ended).toMatchObject({
        code: 143,
        output: expect.stringContaining('interrupted: finishing the image'),
      });
      expect(readFileSync(join(folder, 'scontrol'), 'utf8')).toBe('requeue 70_0\n');

      for (const half of HALVES)
        expect([half, existsSync(join(shard(half), 'run.lock')), existsSync(join(shard(half), 'result.json'))]).toEqual(
          [half, false, false],
        );
      expect(await script('merge.sbatch', { OUT: join(folder, 'slurm') }).ended).toMatchObject({
        code: 1,
        output: expect.stringContaining('result.json does not exist'),
      });
      for (const half of HALVES)
        expect(
          await task(half, half === 1 ? { SHARDS: '2', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '1' } : {})
            .ended,
        ).toMatchObject({ code: 0, output: expect.stringMatching(/\d of 4 images were done before/) });
      expect(await script('merge.sbatch', { OUT: join(folder, 'slurm') }).ended).toMatchObject({ code: 0 });
      expectSingle('slurm');
      expect(await task(0, { SLURM_ARRAY_TASK_COUNT: '3' }).ended).toMatchObject({
        code: 2,
        output: expect.stringContaining('belongs to another number of shards than 3'),
      });
    },
  );

  test(
    'the GPU that Slurm gave is the only one that Vulkan shows, and data and checkpoint may have spaces in their ' +
      'names',
    async () => {
      writeCommand(join(folder, 'bin/nvidia-smi'), 'case "$1" in --id=1) echo 00000000:AF:00.0 ;; *) exit 6 ;; esac');
      writeCommand(join(folder, 'bin/echoing'), 'echo "$DRI_PRIME"; for word; do echo "<$word>"; done');
      const { output } = await task(0, {
        RFCLIP: 'echoing first',
        CUDA_VISIBLE_DEVICES: '1,3',
        DATA: '/data/VOC 2012',
        CHECKPOINT: '/data/ViT B.pt',
        BENCHMARK: 'voc21',
        OPTIONS: '--pamr',
        OUT: '/results',
      }).ended;
      rmSync(join(folder, 'bin/nvidia-smi'));
      expect(output.trim().split('\n')).toEqual([
        'pci-0000_af_00_0!',
        ...[
          'first',
          'eval',
          'voc21',
          '--data',
          '/data/VOC 2012',
          '--checkpoint',
          '/data/ViT B.pt',
          '--out',
          '/results',
          '--resume',
          '--pamr',
        ].map((word) => `<${word}>`),
      ]);
    },
  );

  test('the exit code is that of rfclip, also if it has ended before the script waits for it', async () => {
    expect(await task(0, { OPTIONS: '--no-such-option' }).ended).toMatchObject({
      code: 2,
      output: expect.stringContaining("unknown option '--no-such-option'"),
    });
    writeCommand(join(folder, 'bin/failing'), 'exit 2');
    // What bash reads before a script: setting traps takes a while.
    writeFileSync(join(folder, 'slow'), 'trap() { sleep 0.3; builtin trap "$@"; }\n');
    expect(await task(0, { RFCLIP: 'failing', BASH_ENV: join(folder, 'slow') }).ended).toEqual({ code: 2, output: '' });
  });

  test('merge.sbatch says so where there is nothing to merge', async () => {
    expect(await script('merge.sbatch', { OUT: join(folder, 'nowhere') }).ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^merge.sbatch: there are no shards below .*nowhere\n$/),
    });
    expect(await script('merge.sbatch', { OUT: join(folder, 'single') }).ended).toMatchObject({
      code: 0,
      output: expect.stringContaining('not split into shards'),
    });
  });
});

onLinux('several-gpus.sh', () => {
  const hasParallel =
    spawnSync('parallel', ['--version'], { encoding: 'utf8' }).stdout?.startsWith('GNU parallel') === true;
  test.skipIf(!hasParallel)(
    `three shards on two processes are the single run${hasParallel ? '' : ' (needs GNU parallel)'}`,
    async () => {
      const doctor = await runCli(['doctor', '--json'], { environment });
      const [name] = (JSON.parse(doctor.stdout) as { adapters: string[] }).adapters;
      const gpu = name.replace(/ \(\w+\)$/, '');
      expect(
        await script('several-gpus.sh', { OUT: join(folder, 'parallel'), SHARDS: '3' }, [gpu, gpu]).ended,
      ).toMatchObject({ code: 0 });
      expectSingle('parallel');
      expect(
        await script('several-gpus.sh', { OUT: join(folder, 'strange') }, ['no such adapter']).ended,
      ).toMatchObject({ code: 1, output: expect.stringContaining('rfclip doctor fails with the GPU no such adapter') });
      expect(await script('several-gpus.sh', { OUT: join(folder, 'strange') }, ['0000:ff:1f.7']).ended).toMatchObject({
        code: 2,
        output: expect.stringContaining('no PCI device 0000:ff:1f.7'),
      });
    },
  );
});

interface Container {
  name: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value: string }[];
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
}
interface Job {
  kind: string;
  metadata: { name: string };
  spec: {
    completions: number;
    completionMode: string;
    podFailurePolicy: { rules: { action: string; onExitCodes?: { values: number[] } }[] };
    template: { spec: { restartPolicy: string; containers: Container[]; initContainers: Container[] } };
  };
}

onLinux('kubernetes.yaml', () => {
  const jobs = parseAllDocuments(readFileSync(join(EXAMPLES, 'kubernetes.yaml'), 'utf8'))
    .map((document) => document.toJS({}) as Job)
    .filter(({ kind }) => kind === 'Job');
  const [evaluation, merging] = jobs;
  const dockerfile = readFileSync(join(EXAMPLES, 'Dockerfile'), 'utf8');

  /**
   * Runs a container's command line with its environment; mounts and the image's own folder become folders of this
   * machine.
   */
  function runContainer(
    { command, args = [], env = [], volumeMounts }: Container,
    more: Record<string, string> = {},
  ): Started {
    const entrypoint = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)![1]) as string[];
    const places = [
      ...volumeMounts.map(({ mountPath }) => [mountPath, join(folder, 'kubernetes', mountPath)]),
      ['/opt/rfclip', ROOT],
    ];
    const onThisMachine = (text: string) =>
      places.reduce(
        (words, [inside, here]) => words.replace(new RegExp(`(?<![\\w.-])${inside}(?=[/\\s]|$)`, 'g'), here),
        text,
      );
    const words = [...(command ?? entrypoint), ...args].map(onThisMachine);
    return start(words[0], words.slice(1), {
      ...Object.fromEntries(env.map(({ name, value }) => [name, onThisMachine(value)])),
      ...more,
    });
  }

  test('its pods evaluate all shards, and its merging pod waits for them and adds them up', async () => {
    const { ids } = buildMiniature(findBenchmark('voc21')!, join(folder, 'kubernetes/data'));
    mkdirSync(join(folder, 'kubernetes/results'), { recursive: true });
    const checkpoint = join(folder, 'kubernetes/data/ViT-B-16.pt');
    copyFileSync(EMBEDDED, checkpoint);
    expect(
      await runCli(
        [
          'eval',
          'voc21',
          '--data',
          join(folder, 'kubernetes/data'),
          '--checkpoint',
          checkpoint,
          '--out',
          join(folder, 'kubernetes/single'),
        ],
        { environment },
      ),
    ).toMatchObject({ code: 0 });
    writeCommand(join(folder, 'bin/sleep'), 'exec /bin/sleep 0.1');
    const [wait] = merging.spec.template.spec.initContainers;
    const waiting = runContainer(wait);
    const [pod] = evaluation.spec.template.spec.containers;
    for (let index = 0; index < evaluation.spec.completions; index++) {
      expect(waiting.child.exitCode).toBe(null);
      expect(await runContainer(pod, { JOB_COMPLETION_INDEX: `${index}` }).ended).toMatchObject({
        code: 0,
        output: expect.stringContaining(`shard ${index + 1} of ${evaluation.spec.completions}`),
      });
    }
    expect(await waiting.ended).toEqual({ code: 0, output: '' });
    rmSync(join(folder, 'bin/sleep'));
    expect(await runContainer(merging.spec.template.spec.containers[0]).ended).toMatchObject({ code: 0 });
    const [sum, whole] = ['results', 'single'].map((name) => readResult(join(folder, 'kubernetes', name)));
    expect(sum).toMatchObject({
      confusion: whole.confusion,
      metrics: whole.metrics,
      classes: whole.classes,
      images: { selected: ids.length, counted: ids.length },
    });
  });

  test(
    'says what Kubernetes wants for retries per index, and gives up where rfclip says that the command line is ' +
      'wrong',
    async () => {
      expect(evaluation).toMatchObject({
        spec: {
          completionMode: 'Indexed',
          podReplacementPolicy: 'Failed',
          template: { spec: { restartPolicy: 'Never' } },
        },
      });
      const [pod] = evaluation.spec.template.spec.containers;
      expect(pod.volumeMounts.find(({ mountPath }) => mountPath === '/data')).toMatchObject({ readOnly: true });
      const wrong = await evaluate('wrong', ['--adapter', 'no such adapter']);
      expect(evaluation.spec.podFailurePolicy.rules[0]).toMatchObject({
        action: 'FailJob',
        onExitCodes: { containerName: pod.name, values: [wrong.code] },
      });
    },
  );
});

describe('the image and the README', () => {
  test('nothing that the build reads is left out of the build context', () => {
    const admitted = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as { include: string[] };
    expect(admitted).toEqual(
      expect.arrayContaining([...include, 'scripts', 'examples', 'package.json', 'package-lock.json', 'tsconfig.json']),
    );
    for (const name of admitted) expect([name, existsSync(join(ROOT, name))]).toEqual([name, true]);
  });

  test('the README loops over the eight benchmarks and names files that exist', () => {
    const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    expect(/for name in (.*); do/.exec(readme)![1].split(' ')).toEqual(BENCHMARK_NAMES);
    for (const [, name] of readme.matchAll(/`([\w-]+\.(?:sbatch|sh|yaml)|Dockerfile)`/g))
      expect([name, existsSync(join(EXAMPLES, name))]).toEqual([name, true]);
  });
});
