import { EvaluationError } from '../evaluationError.ts';

/** One of several equal parts of an evaluation. */
export interface Shard {
  /** From 1 to `count`. */
  index: number;
  count: number;
}

/** The shard that is everything. */
export const WHOLE: Shard = { index: 1, count: 1 };

/** Shards beyond this are a mistake in a variable, not a cluster. */
const LARGEST_COUNT = 1_000_000;

/**
 * A shard's part of a list: every `count`-th item, so that parts differ in length by one at most and slow images, which
 * often are neighbours, are dealt out evenly. The parts of all shards make up the list, each item once.
 */
export function itemsOfShard<Item>(items: readonly Item[], { index, count }: Shard): Item[] {
  return items.filter((_, position) => position % count === index - 1);
}

/** Parses `i/n`, counted from 1. @throws EvaluationError for anything else. */
export function parseShard(text: string): Shard {
  const parts = /^(\d+)\/(\d+)$/.exec(text.trim());
  if (parts === null)
    throw new EvaluationError(`--shard ${text} is no shard, expected i/n as in 1/4, the first of four`, '--shard');
  return checkShard({ index: Number(parts[1]), count: Number(parts[2]) }, `--shard ${text}`);
}

/** A shard that a scheduler's variables name, and how. */
export interface EnvironmentShard extends Shard {
  /** As a person would write it: `SLURM_PROCID=2, SLURM_NTASKS=8`. */
  from: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Slurm gives numbers from here on to steps that srun did not start: the batch script itself and the shell of an
 * allocation, of which there is one, however many tasks the allocation has room for (`slurm.h`: SLURM_BATCH_SCRIPT,
 * SLURM_INTERACTIVE_STEP).
 */
const FIRST_SPECIAL_STEP = 0xfffffff0;

/**
 * The shard that a scheduler gave this process: a Slurm array task, a Slurm task of several (srun), a pod of a
 * Kubernetes Indexed Job (whose manifest sets JOB_COMPLETION_COUNT, since Kubernetes tells a pod its index only), or a
 * rank of torchrun. The first that is set wins.
 *
 * @returns undefined where none of them is set, or the process is the only one
 * @throws EvaluationError for variables that name no shard, or a part of nobody knows how many, naming them
 */
export function shardFromEnvironment(environment: Environment): EnvironmentShard | undefined {
  const found =
    arrayTask(environment) ??
    slurmStep(environment) ??
    indexedJob(environment) ??
    fromPair(environment, 'RANK', 'WORLD_SIZE');
  return found === undefined || found.count === 1 ? undefined : found;
}

/**
 * Why variables that look like a shard are none: Slurm sets them for every process of an allocation, also for one that
 * srun did not start and that is therefore the only one.
 * @returns a sentence; undefined where nothing is misleading, or another scheduler names the shard
 */
export function shardWarning(environment: Environment): string | undefined {
  const tasks = environment.SLURM_NTASKS;
  if (tasks === undefined || tasks === '1' || isSlurmStep(environment) || shardFromEnvironment(environment))
    return undefined;
  return (
    `SLURM_NTASKS=${tasks}, but srun did not start this process (SLURM_STEP_ID is ` +
    `${environment.SLURM_STEP_ID ?? 'not set'}), so it evaluates the whole set; start it with srun, or name its part ` +
    `with --shard i/n`
  );
}

function isSlurmStep(environment: Environment): boolean {
  const step = environment.SLURM_STEP_ID ?? environment.SLURM_STEPID;
  return step !== undefined && /^\d+$/.test(step) && Number(step) < FIRST_SPECIAL_STEP;
}

function slurmStep(environment: Environment): EnvironmentShard | undefined {
  if (!isSlurmStep(environment)) return undefined;
  // Of the step, which may have fewer tasks than the allocation has room for.
  return environment.SLURM_STEP_NUM_TASKS === undefined
    ? fromPair(environment, 'SLURM_PROCID', 'SLURM_NTASKS')
    : fromPair(environment, 'SLURM_PROCID', 'SLURM_STEP_NUM_TASKS');
}

function arrayTask(environment: Environment): EnvironmentShard | undefined {
  if (environment.SLURM_ARRAY_TASK_ID === undefined) return undefined;
  if (environment.SLURM_ARRAY_TASK_COUNT === undefined)
    throw new EvaluationError(
      'SLURM_ARRAY_TASK_ID is set, but SLURM_ARRAY_TASK_COUNT is not',
      'SLURM_ARRAY_TASK_COUNT',
      { fix: 'set it, or name the shard with --shard i/n' },
    );
  const [id, count] = [
    wholeNumber(environment, 'SLURM_ARRAY_TASK_ID'),
    wholeNumber(environment, 'SLURM_ARRAY_TASK_COUNT'),
  ];
  const least = wholeNumber(environment, 'SLURM_ARRAY_TASK_MIN', 0);
  const step = wholeNumber(environment, 'SLURM_ARRAY_TASK_STEP', 1);
  const from = `SLURM_ARRAY_TASK_ID=${id}, SLURM_ARRAY_TASK_MIN=${least}, SLURM_ARRAY_TASK_COUNT=${count}`;
  if (count === 1)
    throw new EvaluationError(
      `${from} is an array of one task: it may be one of a larger array, submitted again, and nobody knows how many ` +
        `parts that had`,
      'SLURM_ARRAY_TASK_COUNT',
      { fix: 'name its part with --shard i/n, or evaluate everything with --shard none' },
    );
  const position = (id - least) / step;
  const last = wholeNumber(environment, 'SLURM_ARRAY_TASK_MAX', least + (count - 1) * step);
  if (!Number.isInteger(position) || last !== least + (count - 1) * step)
    throw new EvaluationError(
      `${from} with the step ${step} is no task of an evenly spaced array`,
      'SLURM_ARRAY_TASK_ID',
      { fix: 'name its part with --shard i/n: some tasks of a larger array, submitted again, have their old parts' },
    );
  return { ...checkShard({ index: position + 1, count }, from), from };
}

function indexedJob(environment: Environment): EnvironmentShard | undefined {
  if (environment.JOB_COMPLETION_INDEX !== undefined && environment.JOB_COMPLETION_COUNT === undefined) {
    throw new EvaluationError('JOB_COMPLETION_INDEX is set, but JOB_COMPLETION_COUNT is not', 'JOB_COMPLETION_COUNT', {
      fix: "set it to the Job's completions in the pod's env, or name the shard with --shard i/n",
    });
  }
  return fromPair(environment, 'JOB_COMPLETION_INDEX', 'JOB_COMPLETION_COUNT');
}

function fromPair(environment: Environment, indexName: string, countName: string): EnvironmentShard | undefined {
  if (environment[indexName] === undefined || environment[countName] === undefined) return undefined;
  const [index, count] = [wholeNumber(environment, indexName), wholeNumber(environment, countName)];
  const from = `${indexName}=${index}, ${countName}=${count}`;
  return { ...checkShard({ index: index + 1, count }, from), from };
}

function wholeNumber(environment: Environment, name: string, missing?: number): number {
  const text = environment[name];
  if (text === undefined && missing !== undefined) return missing;
  if (text === undefined || !/^\d{1,9}$/.test(text))
    throw new EvaluationError(`${name}=${text ?? ''} is no whole number`, name);
  return Number(text);
}

function checkShard(shard: Shard, where: string): Shard {
  const { index, count } = shard;
  if (!(count >= 1 && count <= LARGEST_COUNT && index >= 1 && index <= count)) {
    throw new EvaluationError(
      `${where} would be shard ${index} of ${count}, expected one from 1 to the number of shards`,
      where,
    );
  }
  return shard;
}
