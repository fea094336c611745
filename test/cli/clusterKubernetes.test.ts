import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { BENCHMARK_NAMES, findBenchmark } from '../../datasets/benchmarks/index.ts';
import { buildMiniature } from '../datasets/miniatures.ts';
import { EXAMPLES, ROOT, type Started, useClusterRuns } from '../support/clusterRuns.ts';
import { runCli } from '../support/runCli.ts';
import { readResult } from '../support/sampleRuns.ts';

const EMBEDDED = join(ROOT, 'clip/weights/microclip.safetensors');
/** The scripts are for bash and GNU tools. */
const onLinux = describe.skipIf(process.platform !== 'linux');
const runs = useClusterRuns({ single: false });

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
      ...volumeMounts.map(({ mountPath }) => [mountPath, join(runs.folder, 'kubernetes', mountPath)]),
      ['/opt/rfclip', ROOT],
    ];
    const onThisMachine = (text: string) =>
      places.reduce(
        (words, [inside, here]) => words.replace(new RegExp(`(?<![\\w.-])${inside}(?=[/\\s]|$)`, 'g'), here),
        text,
      );
    const words = [...(command ?? entrypoint), ...args].map(onThisMachine);
    return runs.start(words[0], words.slice(1), {
      ...Object.fromEntries(env.map(({ name, value }) => [name, onThisMachine(value)])),
      ...more,
    });
  }

  test('its pods evaluate all shards, and its merging pod waits for them and adds them up', async () => {
    const { ids } = buildMiniature(findBenchmark('voc21')!, join(runs.folder, 'kubernetes/data'));
    mkdirSync(join(runs.folder, 'kubernetes/results'), { recursive: true });
    const checkpoint = join(runs.folder, 'kubernetes/data/ViT-B-16.pt');
    copyFileSync(EMBEDDED, checkpoint);
    expect(
      await runCli(
        [
          'eval',
          'voc21',
          '--data',
          join(runs.folder, 'kubernetes/data'),
          '--checkpoint',
          checkpoint,
          '--out',
          join(runs.folder, 'kubernetes/single'),
        ],
        { environment: runs.environment },
      ),
    ).toMatchObject({ code: 0 });
    runs.writeCommand('sleep', 'exec /bin/sleep 0.1');
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
    runs.removeCommand('sleep');
    expect(await runContainer(merging.spec.template.spec.containers[0]).ended).toMatchObject({ code: 0 });
    const [sum, whole] = ['results', 'single'].map((name) => readResult(join(runs.folder, 'kubernetes', name)));
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
      const wrong = await runs.evaluate('wrong', ['--adapter', 'no such adapter']);
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
