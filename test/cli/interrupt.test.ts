import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, test } from 'vitest';
import { resumeCommand } from '../../cli/eval/interrupt.ts';

describe('resumeCommand', () => {
  it('repeats the command line with --resume, quoted for a shell', () => {
    expect(resumeCommand(['eval', 'folder', '--data', "it's here", '--out', '/tmp/out'], { environment: {} })).toBe(
      `rfclip eval folder --data 'it'\\''s here' --out /tmp/out --resume`,
    );
    expect(resumeCommand(['eval', '--resume', 'sample'], { environment: {} })).toBe('rfclip eval --resume sample');
  });

  it('names a shard that another shell would not know', () => {
    expect(resumeCommand(['eval', 'sample', '--resume'], { shard: { index: 2, count: 8 }, environment: {} })).toBe(
      'rfclip eval sample --resume --shard 2/8',
    );
  });

  it('is called as this process was', () => {
    expect(resumeCommand(['eval'], { environment: { npm_lifecycle_event: 'rfclip', npm_command: 'run-script' } })).toBe(
      'npm run rfclip -- eval --resume',
    );
    expect(resumeCommand(['eval'], { environment: { npm_command: 'exec', npm_lifecycle_event: 'npx' } })).toBe(
      'npx rfclip eval --resume',
    );
  });
});

describe.skipIf(process.platform === 'win32')('a command over several images that is interrupted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-interrupt-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const environment = {
    ...process.env,
    RFCLIP_DEBUG: undefined,
    NO_COLOR: '1',
    RFCLIP_CACHE_DIR: join(folder, 'cache'),
    NODE: process.execPath,
    MAIN: join(root, 'dist/cli/main.js'),
    SCENE: join(root, 'examples/scenes/scene_0025.jpg'),
  };
  /** Shell words; there is more to do than is done before the signal comes. */
  const many = (command: string) => `exec "$NODE" "$MAIN" ${command} ${'"$SCENE" '.repeat(200)}`;
  const segment = `segment --classes "moon, soil" --whole --resize 64 --out ${join(folder, 'out')}`;

  // Shells show the end by a signal as 130 and 143.
  test.each(['SIGINT', 'SIGTERM'] as const)('by %s says what was done; results are told one by one', async (signal) => {
    const child = spawn('bash', ['-c', many(segment)], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stderr.on('data', (chunk) => (stderr += chunk));
    child.stdout.on('data', (chunk) => {
      if (stdout === '') child.kill(signal);
      stdout += chunk;
    });
    const ended = await new Promise((resolve) => child.on('close', (...end) => resolve(end)));
    expect(ended, stderr).toEqual([null, signal]);
    expect(stdout).toMatch(/^\S*scene_0025\.jpg -> \S+label\.png, /);
    const done = stdout.trimEnd().split('\n').length;
    expect(stderr).toMatch(new RegExp(`\ninterrupted: segmenting, ${done} of 200 done\n$`));
  });

  test('a second request ends an evaluation at once, by the signal and not by taking Dawn apart', async () => {
    const out = join(folder, 'twice');
    // One image takes far longer than the second within which signals are the same request.
    const command = `eval sample --resize 2048 --window 64 --stride 8 --out ${out}`;
    const child = spawn('bash', ['-c', `exec "$NODE" "$MAIN" ${command}`], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const ended = new Promise((resolve) => child.on('close', (...end) => resolve(end)));
    const until = async (reached: () => boolean) => {
      while (child.exitCode === null && !reached()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(() => existsSync(join(out, 'journal.ndjson')));
    child.kill('SIGINT');
    await until(() => stderr.includes('once more to stop at once'));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    child.kill('SIGTERM');
    expect(await ended, stderr).toEqual([null, 'SIGTERM']);
    expect(existsSync(join(out, 'result.json'))).toBe(false);
  });

  test.each([
    ['segment', 'SIGINT', '130', segment],
    ['calibrate', 'SIGINT', '130', 'calibrate --resize 64'],
    ['calibrate', 'SIGHUP', '129', 'calibrate --resize 64'],
  ] as const)('on a terminal gets its cursor back: %s by %s', async (name, signal, exitCode, command) => {
    if (spawnSync('script', ['--version']).status !== 0) return;
    const [typescript, pid, code] = ['typescript', 'pid', 'code'].map((file) =>
      join(folder, `${name}-${signal}-${file}`),
    );
    const inner = `echo $$ > ${pid}; ${many(command)}`;
    const child = spawn('bash', ['-c', 'script -qefc "$INNER" "$TO"; echo $? > "$CODE"'], {
      env: { ...environment, INNER: `bash -c '${inner}'`, TO: typescript, CODE: code },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    const shown = () => (existsSync(typescript) ? readFileSync(typescript, 'utf8') : '');
    const deadline = performance.now() + 60_000;
    while (!/ [1-9]\d*\/200 /.test(shown()) && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    process.kill(Number(readFileSync(pid, 'utf8')), signal);
    await ended;
    expect(readFileSync(code, 'utf8').trim()).toBe(exitCode);
    const [hide, show] = ['\u001B[?25l', '\u001B[?25h'].map((sequence) => shown().lastIndexOf(sequence));
    expect(hide).toBeGreaterThan(0);
    expect(show).toBeGreaterThan(hide);
    expect(shown()).toMatch(/interrupted: \w+, \d+ of 200 done/);
  });
});
