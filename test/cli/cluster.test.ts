import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { firstImage, OPTIONS, useClusterRuns } from '../support/clusterRuns.ts';
import { runCli } from '../support/runCli.ts';
import { readJournal, startUntilFirstImage } from '../support/sampleRuns.ts';

const HALVES = [0, 1];
/** The scripts are for bash and GNU tools. */
const onLinux = describe.skipIf(process.platform !== 'linux');
const runs = useClusterRuns({ single: true });

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
    ['srun', (half) => ({ SLURM_PROCID: `${half}`, SLURM_NTASKS: '2', SLURM_STEP_ID: '0' }), 'SLURM_PROCID='],
    [
      'a Kubernetes Indexed Job',
      (half) => ({ JOB_COMPLETION_INDEX: `${half}`, JOB_COMPLETION_COUNT: '2' }),
      'JOB_COMPLETION_INDEX=',
    ],
    ['torchrun', (half) => ({ RANK: `${half}`, WORLD_SIZE: '2', LOCAL_RANK: '0' }), 'RANK='],
  ];
  test.each(schedulers)('%s', async (name, variables, source) => {
    const parts = await Promise.all(HALVES.map((half) => runs.evaluate(name, [], variables(half))));
    for (const run of parts)
      expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining(`of 2, from ${source}`) });
    expect(
      await runCli([
        'merge',
        ...HALVES.map((half) => join(runs.folder, name, `shard-${half + 1}-of-2`)),
        '--out',
        join(runs.folder, name),
      ]),
    ).toMatchObject({ code: 0 });
    runs.expectSingle(name);
  });

  test('variables that name no part: a warning or a refusal; --shard wins', async () => {
    const batch = { SLURM_JOB_ID: '1', SLURM_PROCID: '0', SLURM_NTASKS: '2' };
    expect(await runs.evaluate('batch', [], batch)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/shard 1 of 1, the whole set[^]*warning: SLURM_NTASKS=2, but srun did not start/),
    });
    runs.expectSingle('batch');
    const again = { SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_COUNT: '1', SLURM_ARRAY_TASK_MIN: '2' };
    expect(await runs.evaluate('again', [], again)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is an array of one task.*\n.*--shard i\/n/),
    });
    expect(existsSync(join(runs.folder, 'again'))).toBe(false);
    expect(await runs.evaluate('again', ['--shard', '3/8'], { ...again, ...batch })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('shard 3 of 8, from --shard 3/8\n'),
    });
    expect(existsSync(join(runs.folder, 'again/shard-3-of-8/result.json'))).toBe(true);
  });

  test('one of them killed in the middle: merging refuses until it has gone on', async () => {
    const shard = (half: number) => join(runs.folder, 'killed', `shard-${half + 1}-of-2`);
    const [, variables] = schedulers[2];
    const running = await startUntilFirstImage(
      ['eval', 'sample', ...OPTIONS, '--out', join(runs.folder, 'killed')],
      shard(0),
      { ...runs.environment, ...variables(0) },
    );
    running.child.kill('SIGKILL');
    expect(await running.ended).toMatchObject({ code: null });
    const done = readJournal(shard(0)).length;
    expect(done).toBeLessThan(4);
    expect(await runs.evaluate('killed', ['--resume'], variables(1))).toMatchObject({ code: 0 });
    const merge = () => runCli(['merge', shard(0), shard(1), '--out', join(runs.folder, 'killed')]);
    expect(await merge()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/shard-1-of-2\/result\.json does not exist\n.*--resume/),
    });
    expect(await runs.evaluate('killed', ['--resume'], variables(0))).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`${done} of 4 images were done before`),
    });
    expect(await merge()).toMatchObject({ code: 0 });
    runs.expectSingle('killed');
  });
});

onLinux('slurm.sbatch and merge.sbatch', () => {
  const task = (half: number, more: Record<string, string> = {}) =>
    runs.script('slurm.sbatch', {
      OUT: join(runs.folder, 'slurm'),
      SLURM_ARRAY_JOB_ID: '70',
      SLURM_ARRAY_TASK_ID: `${half}`,
      SLURM_ARRAY_TASK_MIN: '0',
      SLURM_ARRAY_TASK_COUNT: '2',
      ...more,
    });
  const shard = (half: number) => join(runs.folder, 'slurm', `shard-${half + 1}-of-2`);

  test(
    'a task that runs out of time is requeued, a cancelled one is not, both go on, and the sum is the single ' + 'run',
    async () => {
      runs.writeCommand('scontrol', `echo "$*" >>'${join(runs.folder, 'scontrol')}'`);
      const late = task(0);
      await firstImage(late, shard(0));
      late.child.kill('SIGUSR1');
      expect(await late.ended).toMatchObject({
        code: 143,
        output: expect.stringMatching(/interrupted: finishing the image[^]*out of time, goes on/),
      });
      expect(readFileSync(join(runs.folder, 'scontrol'), 'utf8')).toBe('requeue 70_0\n');
      const cancelled = task(1);
      await firstImage(cancelled, shard(1));
      process.kill(-cancelled.child.pid!, 'SIGTERM');
      expect(await cancelled.ended).toMatchObject({
        code: 143,
        output: expect.stringContaining('interrupted: finishing the image'),
      });
      expect(readFileSync(join(runs.folder, 'scontrol'), 'utf8')).toBe('requeue 70_0\n');

      for (const half of HALVES)
        expect([half, existsSync(join(shard(half), 'run.lock')), existsSync(join(shard(half), 'result.json'))]).toEqual(
          [half, false, false],
        );
      expect(await runs.script('merge.sbatch', { OUT: join(runs.folder, 'slurm') }).ended).toMatchObject({
        code: 1,
        output: expect.stringContaining('result.json does not exist'),
      });
      for (const half of HALVES)
        expect(
          await task(half, half === 1 ? { SHARDS: '2', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '1' } : {})
            .ended,
        ).toMatchObject({ code: 0, output: expect.stringMatching(/\d of 4 images were done before/) });
      expect(await runs.script('merge.sbatch', { OUT: join(runs.folder, 'slurm') }).ended).toMatchObject({ code: 0 });
      runs.expectSingle('slurm');
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
      runs.writeCommand('nvidia-smi', 'case "$1" in --id=1) echo 00000000:AF:00.0 ;; *) exit 6 ;; esac');
      runs.writeCommand('echoing', 'echo "$DRI_PRIME"; for word; do echo "<$word>"; done');
      const { output } = await task(0, {
        RFCLIP: 'echoing first',
        CUDA_VISIBLE_DEVICES: '1,3',
        DATA: '/data/VOC 2012',
        CHECKPOINT: '/data/ViT B.pt',
        BENCHMARK: 'voc21',
        OPTIONS: '--pamr',
        OUT: '/results',
      }).ended;
      runs.removeCommand('nvidia-smi');
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
    runs.writeCommand('failing', 'exit 2');
    // What bash reads before a script: setting traps takes a while.
    writeFileSync(join(runs.folder, 'slow'), 'trap() { sleep 0.3; builtin trap "$@"; }\n');
    expect(await task(0, { RFCLIP: 'failing', BASH_ENV: join(runs.folder, 'slow') }).ended).toEqual({
      code: 2,
      output: '',
    });
  });

  test('merge.sbatch says so where there is nothing to merge', async () => {
    expect(await runs.script('merge.sbatch', { OUT: join(runs.folder, 'nowhere') }).ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^merge.sbatch: there are no shards below .*nowhere\n$/),
    });
    expect(await runs.script('merge.sbatch', { OUT: join(runs.folder, 'single') }).ended).toMatchObject({
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
      const doctor = await runCli(['doctor', '--json'], { environment: runs.environment });
      const [name] = (JSON.parse(doctor.stdout) as { adapters: string[] }).adapters;
      const gpu = name.replace(/ \(\w+\)$/, '');
      expect(
        await runs.script('several-gpus.sh', { OUT: join(runs.folder, 'parallel'), SHARDS: '3' }, [gpu, gpu]).ended,
      ).toMatchObject({ code: 0 });
      runs.expectSingle('parallel');
      expect(
        await runs.script('several-gpus.sh', { OUT: join(runs.folder, 'strange') }, ['no such adapter']).ended,
      ).toMatchObject({ code: 1, output: expect.stringContaining('rfclip doctor fails with the GPU no such adapter') });
      expect(
        await runs.script('several-gpus.sh', { OUT: join(runs.folder, 'strange') }, ['0000:ff:1f.7']).ended,
      ).toMatchObject({
        code: 2,
        output: expect.stringContaining('no PCI device 0000:ff:1f.7'),
      });
    },
  );
});
