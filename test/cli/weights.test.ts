import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EMBEDDED_CHECKPOINT_SHA256, PLANTED_CHECKPOINT_SHA256 } from '../../rfclip/embeddedCheckpoint.ts';
import { archiveOf } from '../clip/checkpoint/archives.ts';
import { runCli } from '../support/runCli.ts';
import { floats, writeSafetensors } from '../support/safetensorsWriter.ts';
import { type FileServer, serve } from '../weights/fileServer.ts';

const fixtures = fileURLToPath(new URL('../fixtures/reference/clip/', import.meta.url));
const dino = archiveOf([
  { name: 'cls_token', dtype: 'F32', shape: [1, 1, 4] },
  { name: 'patch_embed.proj.weight', dtype: 'F32', shape: [4, 3, 2, 2] },
]);
let folder: string;
let server: FileServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-weights-'));
  server = await serve(dino);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const weights = (...args: string[]) =>
  runCli(['weights', ...args], {
    environment: { RFCLIP_CACHE_DIR: join(folder, 'cache'), RFCLIP_WEIGHTS_BASE_URL: `${server.url}/mirror` },
  });
const cached = () => readdirSync(join(folder, 'cache', 'weights')).sort();

describe('rfclip weights pull', () => {
  test('fetches a checkpoint that then has a name, and does not fetch it twice', async () => {
    const first = await weights('pull', 'DINO-ViT-B/8');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toContain(
      'Facebook AI Research publishes no SHA-256 for DINO-ViT-B/8; only the length and the format were checked',
    );
    expect(cached()).toEqual(['dino_vitbase8_pretrain.pth']);
    expect(server.requests.at(-1)!.path).toBe('/mirror/dino/dino_vitbase8_pretrain/dino_vitbase8_pretrain.pth');
    const requests = server.requests.length;
    const again = await weights('pull', 'dino-vit-b/8', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ name: 'DINO-ViT-B/8', downloaded: false });
    expect(server.requests).toHaveLength(requests);

    const info = await weights('info', 'DINO-ViT-B/8');
    expect(info.stdout).toContain('is a DINO ViT, which has no text tower');
    const verify = await weights('verify', 'DINO-ViT-B/8');
    expect(verify).toMatchObject({ code: 0 });
    expect(verify.stdout).toContain('Facebook AI Research publishes no SHA-256');
    const list = JSON.parse((await weights('list', '--json')).stdout);
    expect(
      list.checkpoints.map((row: { name: string; pulled?: string }) => [row.name, row.pulled !== undefined]),
    ).toEqual([
      ['ViT-B/16', false],
      ['ViT-B/32', false],
      ['ViT-L/14', false],
      ['DINO-ViT-B/8', true],
    ]);
  });

  test('deletes what has another SHA-256 than the published one', async () => {
    const result = await weights('pull', 'ViT-B/16');
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /what came has the SHA-256 [0-9a-f]{64}, expected 5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f; it was deleted\n {2}run the command again/,
    );
    expect(cached()).toEqual(['dino_vitbase8_pretrain.pth']);
    const use = await weights('info', 'ViT-B/16');
    expect(use).toMatchObject({ code: 1 });
    expect(use.stderr).toContain('fetch it with "rfclip weights pull ViT-B/16"');
  });

  test('what is no weight file is set aside where no SHA-256 tells', async () => {
    const good = server.content;
    server.content = Buffer.from('not weights');
    const result = await weights('pull', 'DINO-ViT-B/8', '--force');
    server.content = good;
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('what came is no weight file');
    expect(cached()).toEqual(['dino_vitbase8_pretrain.pth.bad']);
  });

  test('404, unknown names and addresses that are none', async () => {
    server.misbehave = (_, response) => (response.writeHead(404).end(), true);
    const missing = await weights('pull', 'ViT-L/14');
    server.misbehave = undefined;
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('the server has no such file (404)');
    const unknown = await weights('pull', 'ViT-Z/99');
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toContain(
      'there is no known checkpoint ViT-Z/99, expected one of ViT-B/16, ViT-B/32, ViT-L/14, DINO-ViT-B/8',
    );
    const address = await runCli(['weights', 'pull', 'ViT-B/32'], {
      environment: { RFCLIP_WEIGHTS_BASE_URL: 'nowhere' },
    });
    expect(address).toMatchObject({ code: 2 });
  });
});

describe('the checkpoints that ship', () => {
  test('are listed and open by name, but are not pulled', async () => {
    const list = await weights('list', '--json');
    expect(JSON.parse(list.stdout).shipped.map(({ name }: { name: string }) => name)).toEqual(['microclip', 'planted']);
    const [embedded, planted] = [
      await weights('info', 'microclip', '--json'),
      await weights('info', 'planted', '--json'),
    ];
    const [base, description] = [JSON.parse(embedded.stdout), JSON.parse(planted.stdout)];
    expect(base.sha256).toBe(EMBEDDED_CHECKPOINT_SHA256);
    expect(description).toMatchObject({ sha256: PLANTED_CHECKPOINT_SHA256, changes: base.file, config: base.config });
    expect(description.note).toMatch(/planted.*show the mechanism, not the merit of a method/);
    const pull = await weights('pull', 'planted');
    expect(pull).toMatchObject({ code: 2 });
    expect(pull.stderr).toContain('checkpoint planted ships with rfclip, expected one that is pulled');
  });

  test('convert makes a file of its own of the planted one, which still says so', async () => {
    const target = join(folder, 'own.safetensors');
    expect(await weights('convert', 'planted', target)).toMatchObject({ code: 0 });
    const description = JSON.parse((await weights('info', target, '--json')).stdout);
    expect(description.note).toMatch(/planted/);
    expect(description.changes).toBeUndefined();
  });
});

describe('rfclip weights info, convert, verify', () => {
  test('info says what a file is', async () => {
    const result = await weights('info', join(fixtures, 'small_torchscript.pt'));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    for (const part of [
      'TorchScript archive',
      'F16 0.22 M',
      'ViT 2x64/8',
      'QuickGELU (its modules are of class QuickGELU)',
      'not calibrated',
    ])
      expect(result.stdout).toContain(part);
    const json = JSON.parse((await weights('info', join(fixtures, 'small_hf.safetensors'), '--json')).stdout);
    expect(json).toMatchObject({ naming: 'Hugging Face', config: { activation: 'quickGelu', vision: { heads: 1 } } });
  });

  test('convert writes what info and verify accept', async () => {
    const out = join(folder, 'out.safetensors');
    expect(await weights('convert', join(fixtures, 'small_hf.safetensors'), out, '--dtype', 'f16')).toMatchObject({
      code: 0,
    });
    const info = JSON.parse((await weights('info', out, '--json')).stdout);
    expect(info).toMatchObject({
      format: 'safetensors',
      naming: 'OpenAI',
      activationReason: "the file's metadata says so",
      config: { vision: { heads: 1 } },
    });
    expect(Object.keys(info.dtypes)).toEqual(['F16']);
    const verify = await weights('verify', out, '--json');
    expect(verify).toMatchObject({ code: 0 });
    expect(JSON.parse(verify.stdout)).toMatchObject({ ok: true, notFinite: [] });
    expect(await weights('convert', out, out, '--dtype', 'f8')).toMatchObject({ code: 2 });
  });

  test('verify fails for values that are not finite and for files that are cut', async () => {
    const path = writeSafetensors(join(folder, 'nan.safetensors'), { w: floats([2], Float32Array.of(1, NaN)) });
    const result = await weights('verify', path);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('tensor w has 1 value that is not finite');
    const cut = join(folder, 'cut.pt');
    writeFileSync(cut, readFileSync(join(fixtures, 'small_state_dict.pt')).subarray(0, 300_000));
    expect((await weights('verify', cut)).stderr).toContain('has no end record, as if it had been cut');
  });

  test('a pulled file of another SHA-256 than published is no longer trusted', async () => {
    const path = join(folder, 'cache', 'weights', 'ViT-B-16.pt');
    mkdirSync(join(folder, 'cache', 'weights'), { recursive: true });
    writeFileSync(path, readFileSync(join(fixtures, 'small_torchscript.pt')));
    const result = await weights('verify', 'ViT-B/16');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(
      'expected 5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f for ViT-B/16',
    );
    expect(existsSync(path)).toBe(true);
  });
});
