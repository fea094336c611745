import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemsOfShard, parseShard, shardFromEnvironment, shardWarning } from '../../../evaluation/run/shard.ts';

describe('itemsOfShard', () => {
  it('gives every item to exactly one shard, interleaved, in shards of nearly equal size', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.integer({ min: 1, max: 40 }), (length, count) => {
        const items = Array.from({ length }, (_, k) => k);
        const parts = Array.from({ length: count }, (_, k) => itemsOfShard(items, { index: k + 1, count }));
        expect(parts.flat().sort((a, b) => a - b)).toEqual(items);
        expect(
          Math.max(...parts.map((part) => part.length)) - Math.min(...parts.map((part) => part.length)),
        ).toBeLessThanOrEqual(1);
        parts.forEach((part, k) => part.forEach((item) => expect(item % count).toBe(k)));
      }),
    );
  });
});

describe('parseShard', () => {
  it('counts from 1', () => expect(parseShard('2/8')).toEqual({ index: 2, count: 8 }));
  it.each(['0/4', '5/4', '1/0', '1', 'a/b', '-1/4', '1/4/2', '1.5/4', '1/99999999'])('refuses %s', (text) =>
    expect(() => parseShard(text)).toThrow(/--shard/),
  );
});

describe('shardFromEnvironment', () => {
  it.each([
    ['a Slurm array', { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_MIN: '5', SLURM_ARRAY_TASK_COUNT: '4' }, 3, 4],
    [
      'a Slurm array with a step',
      { SLURM_ARRAY_TASK_ID: '12', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_STEP: '4' },
      4,
      4,
    ],
    [
      'a Slurm array, also inside of srun',
      {
        SLURM_ARRAY_TASK_ID: '0',
        SLURM_ARRAY_TASK_MIN: '0',
        SLURM_ARRAY_TASK_COUNT: '2',
        SLURM_PROCID: '0',
        SLURM_NTASKS: '1',
      },
      1,
      2,
    ],
    ['srun', { SLURM_PROCID: '0', SLURM_NTASKS: '3', SLURM_STEP_ID: '0' }, 1, 3],
    ['an older srun', { SLURM_PROCID: '2', SLURM_NTASKS: '3', SLURM_STEPID: '4' }, 3, 3],
    [
      'srun with fewer tasks than the allocation',
      { SLURM_PROCID: '1', SLURM_NTASKS: '8', SLURM_STEP_NUM_TASKS: '2', SLURM_STEP_ID: '1' },
      2,
      2,
    ],
    [
      'torchrun in an sbatch script',
      { RANK: '1', WORLD_SIZE: '2', SLURM_PROCID: '0', SLURM_NTASKS: '8', SLURM_ARRAY_TASK_ID: undefined },
      2,
      2,
    ],
    ['a Kubernetes Indexed Job', { JOB_COMPLETION_INDEX: '2', JOB_COMPLETION_COUNT: '3' }, 3, 3],
    ['torchrun', { RANK: '1', WORLD_SIZE: '2' }, 2, 2],
  ])('knows %s', (_name, environment, index, count) => {
    const shard = shardFromEnvironment(environment)!;
    expect(shard).toMatchObject({ index, count });
    expect(shard.from).toContain(Object.keys(environment)[0]);
  });

  it.each([
    [{}],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '1' }],
    [{ RANK: '0', WORLD_SIZE: '1' }],
    [{ RANK: '3' }],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '1', SLURM_STEP_ID: '0' }],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '2' }],
    [{ SLURM_JOB_ID: '1', SLURM_NTASKS: '2' }],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '2', SLURM_STEP_ID: '4294967291' }],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '2', SLURM_STEP_ID: '4294967290' }],
  ])('a process on its own is no shard: %j', (environment) => {
    expect(shardFromEnvironment(environment)).toBeUndefined();
  });

  it.each([
    [
      { SLURM_PROCID: '0', SLURM_NTASKS: '2' },
      /^SLURM_NTASKS=2, but srun did not start this .*SLURM_STEP_ID is not set/,
    ],
    [{ SLURM_NTASKS: '4' }, /the whole set; start it with srun, or name its part with --shard/],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '2', SLURM_STEP_ID: '4294967290' }, /SLURM_STEP_ID is 4294967290/],
  ])('warns that %j is the whole set', (environment, sentence) => {
    expect(shardFromEnvironment(environment)).toBeUndefined();
    expect(shardWarning(environment)).toMatch(sentence);
  });

  it.each([
    [{}],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '1' }],
    [{ SLURM_PROCID: '0', SLURM_NTASKS: '2', SLURM_STEP_ID: '0' }],
    [{ SLURM_NTASKS: '2', SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_COUNT: '2' }],
    [{ SLURM_NTASKS: '2', RANK: '1', WORLD_SIZE: '2' }],
  ])('does not warn of %j', (environment) => expect(shardWarning(environment)).toBeUndefined());

  it.each([
    [
      { SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_TASK_MIN: '2', SLURM_ARRAY_TASK_MAX: '2', SLURM_ARRAY_TASK_COUNT: '1' },
      /SLURM_ARRAY_TASK_ID=2, .* is an array of one task/,
    ],
    [{ SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_COUNT: '1' }, /array of one task/],
    [{ SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_MIN: '4', SLURM_ARRAY_TASK_COUNT: '1' }, /array of one task/],
    [
      { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_MIN: '3', SLURM_ARRAY_TASK_MAX: '6', SLURM_ARRAY_TASK_COUNT: '2' },
      /no task of an evenly spaced array/,
    ],
    [{ RANK: '2', WORLD_SIZE: '2' }, /RANK=2, WORLD_SIZE=2 would be shard 3 of 2/],
    [{ RANK: 'x', WORLD_SIZE: '2' }, /RANK=x is no whole number/],
    [{ JOB_COMPLETION_INDEX: '1' }, /JOB_COMPLETION_COUNT is not/],
    [{ SLURM_ARRAY_TASK_ID: '1' }, /SLURM_ARRAY_TASK_COUNT is not/],
    [{ SLURM_ARRAY_TASK_ID: '9', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '3' }, /would be shard 9 of 3/],
  ])('refuses %j', (environment, sentence) => expect(() => shardFromEnvironment(environment)).toThrow(sentence));
});
