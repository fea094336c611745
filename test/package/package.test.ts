import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePng } from '../../clip/image/decodePng.ts';
import { run } from '../../scripts/setup/commands.mjs';
import { root } from '../support/house.ts';
import { installPackages, makePackedProject, type PackedProject, put } from './packedProject.ts';

const EXAMPLES = ['segment', 'tensorProgram', 'ownMethod', 'httpServer'].map((name) => `examples/${name}.ts`);
const NODE_EXAMPLE = 'examples/httpServer.ts';
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

let project: PackedProject;
beforeAll(async () => {
  project = await makePackedProject();
});
afterAll(() => rmSync(project.folder, { recursive: true, force: true }));

/** Names under which programs import code of the package. */
function entries(): string[] {
  return Object.entries(project.manifest.exports).flatMap(([name, target]) =>
    typeof target === 'string' ? [] : [name.replace('.', 'rfclip')],
  );
}

describe('the tarball', () => {
  it('holds what runs, and nothing that only the checkout needs', () => {
    const paths = [...project.files.keys()];
    const folders = new Set(paths.map((path) => path.split('/')[0]));
    expect([...folders].sort()).toEqual([
      'CHANGELOG.md',
      'CITATION.cff',
      'LICENSE',
      'NOTICE.md',
      'README.md',
      'dist',
      'docs',
      'examples',
      'package.json',
      'scripts',
    ]);
    expect(paths.filter((path) => /(^|\/)(test|bench|fixtures|node_modules|out|\..*)(\/|$)/.test(path))).toEqual([]);
    const { exports, bin } = project.manifest;
    const targets = [...Object.values(exports), bin].flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    const named = targets.filter((path) => !path.includes('*')).map((path) => path.replace(/^\.\//, ''));
    expect(paths).toEqual(expect.arrayContaining([...named, ...EXAMPLES]));
  });

  it('names no folder of the machine that built it', () => {
    const built = [...project.files].filter(([path]) => path.startsWith('dist/'));
    const telling = built.filter(([, content]) => Buffer.from(content).includes(`${root}/`));
    expect(telling.map(([path]) => path)).toEqual([]);
  });

  it('is no larger than its checkpoint and its pictures make it', () => {
    // 6.4 MB, of which most is the checkpoint, the photographs and the sample set.
    expect(project.packedBytes).toBeLessThan(8e6);
  });
});

describe.each(['older-typescript', 'typescript'])('types, with %s,', (compiler) => {
  /** Compiles strictly, with the types of every package on the way, and resolves to what the compiler says. */
  async function check(folder: string, ...args: string[]): Promise<string> {
    const tsc = [join(root, 'node_modules', compiler, 'bin', 'tsc'), '--noEmit', '--strict', '--module', 'nodenext'];
    return (await run(process.execPath, [...tsc, ...args], { cwd: folder })).output;
  }

  it('need of all entries no library but that of the language', async () => {
    const imports = entries().map((name, index) => `export * as entry${index} from '${name}';\n`);
    put(join(project.folder, 'entries.ts'), imports.join(''));
    expect(await check(project.folder, '--lib', 'es2022', 'entries.ts')).toBe('');
  });

  it('fit the examples', async () => {
    const alone = EXAMPLES.filter((path) => path !== NODE_EXAMPLE);
    expect(await check(project.folder, ...alone)).toBe('');
  });

  it("fit Node's and the web's, and know WebGPU's objects where the program does", async () => {
    const folder = join(project.folder, 'withNode');
    cpSync(join(project.folder, NODE_EXAMPLE), join(folder, NODE_EXAMPLE));
    installPackages(folder, ['@types/node']);
    put(
      join(folder, 'web.ts'),
      `import type { SegmentationResult } from 'rfclip';
       import type { Device } from 'rfclip/engine';
       export const most = ({ gpu }: Device): number => gpu.limits.maxBufferSize;
       export const answer = (result: SegmentationResult) => new Response(result.overlayPng());`,
    );
    // The library of the newer compiler has WebGPU itself.
    const types = compiler === 'typescript' ? 'node' : 'node,@webgpu/types';
    expect(await check(folder, '--types', types, NODE_EXAMPLE, 'web.ts')).toBe('');
  });
});

describe('from the tarball', () => {
  const inProject = (...args: string[]) => run(process.execPath, args, { cwd: project.folder });
  const runExample = (name: string) => inProject('--import', tsx, `examples/${name}.ts`);

  it('every entry loads, and kernels are found', async () => {
    put(
      join(project.folder, 'load.js'),
      `for (const name of ${JSON.stringify(entries())}) await import(name);
       console.log(import.meta.resolve('rfclip/kernels/softmax.wgsl'));`,
    );
    const { status, output } = await inProject('load.js');
    expect({ status, output }).toEqual({
      status: 0,
      output: expect.stringMatching(/^file:\/\/.*\/dist\/kernels\/softmax.wgsl\n$/),
    });
    expect(readFileSync(new URL(output.trim()), 'utf8')).toContain('@compute');
  });

  it('the command runs through its link', async () => {
    const command = join('node_modules', '.bin', 'rfclip');
    expect(readFileSync(join(project.folder, command), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const { stdout, status } = await inProject(command, '--version');
    expect({ stdout, status }).toEqual({ stdout: `${project.manifest.version}\n`, status: 0 });
  });

  it('rfclip setup looks for an adapter as npm run setup does, and hints name it', async () => {
    const command = join('node_modules', 'rfclip', 'dist', 'cli', 'main.js');
    const env = { ...process.env, RFCLIP_CACHE_DIR: join(project.folder, 'cache'), RFCLIP_DEBUG: undefined };
    const rfclip = (args: string[], more = {}) =>
      run(process.execPath, [command, ...args], { cwd: project.folder, env: { ...env, ...more } });
    const ready = await rfclip(['setup', '--json']);
    expect(ready.status).toBe(0);
    expect(JSON.parse(ready.stdout)).toMatchObject({ adapter: expect.stringMatching(/./), driver: expect.any(String) });
    expect(existsSync(join(env.RFCLIP_CACHE_DIR, 'probe.json'))).toBe(true);

    const without = { VK_DRIVER_FILES: join(project.folder, 'no-driver.json') };
    const failed = await rfclip(['setup'], without);
    expect(failed.status).toBe(1);
    expect(failed.output).toContain('rfclip: no usable graphics adapter was found (Dawn offers none).\n');
    expect(failed.output).toContain('VK_DRIVER_FILES or VK_ICD_FILENAMES is set');
    const hinted = await rfclip(['doctor'], without);
    expect(hinted.output).toContain('run "rfclip setup" to install a software one');
    expect(hinted.output).toContain('"rfclip setup" installs a software Vulkan driver');
    expect(hinted.output).not.toContain('npm run');
  });

  it('segment.ts segments an image', async () => {
    const { stdout, status } = await runExample('segment');
    expect(stdout).toMatch(/name: 'soil',[^]*name: 'moon',\n    words: \[ 'moon', 'full moon' \],/);
    expect(stdout).toContain('336 x 448 labels, the first is soil');
    expect(status).toBe(0);
    for (const ending of ['label.png', 'overlay.png', 'json']) {
      expect(existsSync(join(project.folder, 'out', `scene.${ending}`))).toBe(true);
    }
  });

  it('tensorProgram.ts computes attention', async () => {
    const { stdout, status } = await runExample('tensorProgram');
    const values = /\[ 3, 1 \] Float32Array\(3\) \[ (.*), (.*), (.*) \]/.exec(stdout)?.slice(1).map(Number);
    // The first query resembles the first key by 1 / sqrt(2), the second by 0; the third resembles both alike.
    const share = 1 / (1 + Math.exp(1 / Math.sqrt(2)));
    expect(values).toEqual([10 + 10 * share, 20 - 10 * share, 15].map((value) => expect.closeTo(value, 4)));
    expect(status).toBe(0);
  });

  it('ownMethod.ts runs its method beside plain CLIP', async () => {
    const { stdout, status } = await runExample('ownMethod');
    const found = [...stdout.matchAll(/^([\w-]+) soil [\d.]+ %, moon ([\d.]+) %, horse ([\d.]+) %$/gm)];
    expect(found.map(([, method]) => method)).toEqual(['value-value', 'clip']);
    const [own, clip] = found.map((match) => Number(match[2]) + Number(match[3]));
    // The mask has 25 %, of which plain CLIP sees less.
    expect(own).toBeGreaterThan(clip);
    expect(status).toBe(0);
  });

  it('httpServer.ts answers images and mistakes, and ends when it is told', async () => {
    const args = ['--import', tsx, NODE_EXAMPLE, 'horse, moon, soil', '0'];
    const server = spawn(process.execPath, args, { cwd: project.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(server, 'close');
    let said = '';
    server.stderr.on('data', (text) => (said += text));
    try {
      const tooEarly = ended.then(() => [`the server ended: ${said}`]);
      const [greeting] = await Promise.race([once(server.stdout, 'data'), tooEarly]);
      expect(String(greeting)).toMatch(/^segmenting at http:/);
      const url = /http:\S+/.exec(String(greeting))![0];
      const image = readFileSync(join(project.folder, 'examples', 'scenes', 'scene_0025.jpg'));
      const post = (body: Uint8Array<ArrayBuffer>, accept = 'application/json') =>
        fetch(url, { method: 'POST', body, headers: { accept } });

      const [found, picture] = await Promise.all([post(image), post(image, 'image/png')]);
      expect([found.status, picture.status]).toEqual([200, 200]);
      expect((await found.json()).classes[0]).toMatchObject({ name: 'soil', label: 2 });
      expect(decodePng(new Uint8Array(await picture.arrayBuffer()), 'the overlay').width).toBe(448);

      const refusal = async (answer: Response) => [answer.status, (await answer.json()).error.message];
      const noImage = expect.stringContaining('expected a PNG, JPEG, WebP, BMP or GIF picture');
      expect(await refusal(await post(Buffer.from('no picture')))).toEqual([400, noImage]);
      const tooLarge = [413, 'the image has more than 20971520 bytes'];
      expect(await refusal(await post(new Uint8Array(20 * 2 ** 20 + 1)))).toEqual(tooLarge);
      expect(await refusal(await fetch(url))).toEqual([405, 'POST an image; GET is not served']);

      // The server has this request, and waits for its body, when it is told to end.
      const last = request(url, { method: 'POST', headers: { expect: '100-continue' } });
      last.flushHeaders();
      await once(last, 'continue');
      server.kill('SIGINT');
      last.end(image);
      const [answer] = await once(last, 'response');
      expect(answer.statusCode).toBe(200);
      answer.resume();
      expect(await ended).toEqual([0, null]);
    } finally {
      server.kill('SIGKILL');
    }
  });
});
