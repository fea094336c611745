import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EMBEDDED_CHECKPOINT } from '../../rfclip/clipModel.ts';
import { type ArchiveServer, serveArchives } from '../datasets/pull/archiveServer.ts';
import { miniatureArchives, PULLED_IDS } from '../datasets/pull/miniatureArchives.ts';
import { runCli } from '../support/runCli.ts';
import { quietEnvironment, readJournal, startCli } from '../support/sampleRuns.ts';

const VOC = 'VOCtrainval_11-May-2012.tar';
let folder: string;
let server: ArchiveServer;
let environment: Record<string, string | undefined>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-reproduce-'));
  server = await serveArchives(miniatureArchives());
  environment = {
    ...quietEnvironment(join(folder, 'cache')),
    RFCLIP_DATA_BASE_URL: server.url,
    RFCLIP_WEIGHTS_BASE_URL: server.url,
  };
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const at = (...parts: string[]) => join(folder, ...parts);
const run = (...args: string[]) => runCli(args, { environment, cwd: folder, timeout: 200_000 });
const reproduce = (name: string, ...more: string[]) =>
  run('reproduce', name, '--checkpoint', EMBEDDED_CHECKPOINT, '--unverified', ...more);

describe('rfclip reproduce', () => {
  test('fetches, evaluates, and ends beside the published figure; the second time nothing is done again', async () => {
    const first = await reproduce('voc21');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/│ mIoU +│ rfclip │ RF-CLIP, published │ with PAMR │/);
    expect(first.stdout).toMatch(/│ voc21 │ +\d+\.\d\d │ +64\.8 │ +67\.2 │/);
    expect(first.stdout).toMatch(
      /^voc21, rfclip: \d+\.\d\d mIoU here, 64\.8 published \(-\d+\.\d\d\), but with another checkpoint than ViT-B\/16 and 2 of 1449 images$/m,
    );
    expect(first.stderr).toContain('made with the embedded checkpoint');
    expect(readFileSync(at('reproduced/voc21-rfclip/compare.md'), 'utf8')).toContain('| voc21 |');
    const out = at('reproduced/voc21-rfclip');
    expect(readJournal(out).map(({ id }) => id)).toEqual(PULLED_IDS.voc21);
    const [journal, requests] = [readFileSync(join(out, 'journal.ndjson'), 'utf8'), server.requests.length];
    const second = await reproduce('voc21');
    expect(second).toMatchObject({ code: 0, stdout: first.stdout });
    expect(second.stderr).toContain('2 of 2 images were done before');
    expect(second.stderr).toContain('2 images are there already');
    expect(server.requests.length).toBe(requests);
    expect(readFileSync(join(out, 'journal.ndjson'), 'utf8')).toBe(journal);
  }, 300_000);

  test('makes label maps where a benchmark needs them; a method without a published figure says so', async () => {
    const { code, stdout } = await reproduce('coco_object', '--method', 'maskclip', '--limit', '1', '--json');
    expect(code).toBe(0);
    const { figures, results } = JSON.parse(stdout);
    expect(figures).toEqual([
      expect.objectContaining({ dataSet: 'coco-object', method: 'maskclip', sameCheckpoint: false, images: 1 }),
    ]);
    expect(figures[0].published).toBeUndefined();
    expect(results).toHaveLength(1);
    expect(existsSync(at('reproduced/coco-object-maskclip-first-1/result.json'))).toBe(true);
    const data = at('cache/data/coco_stuff164k/annotations/val2017');
    expect(existsSync(join(data, `${PULLED_IDS['coco-object'][0]}_instanceTrainIds.png`))).toBe(true);
  }, 300_000);

  test('tells of a checkpoint or a method that is not there before it fetches data', async () => {
    const { code, stderr } = await run('reproduce', 'voc21', '--checkpoint', 'none.pt');
    expect([code, stderr]).toEqual([1, expect.stringContaining('rfclip: checkpoint none.pt does not exist')]);
    const method = await run('reproduce', 'voc21', '--method', './none.mjs');
    expect([method.code, method.stderr]).toEqual([2, expect.stringContaining('none.mjs')]);
    expect(server.requests).toEqual([]);
  });

  test('fetches the checkpoint of the paper where none is named', async () => {
    const { code, stderr } = await run('reproduce', 'voc21', '--unverified');
    expect(code).toBe(1);
    expect(stderr).toMatch(/ViT-B-16\.pt could not be downloaded: the server has no such file \(404\)/);
    expect(server.requests.at(-1)!.path).toMatch(/^\/clip\/models\/5806e77cd80f.*\/ViT-B-16\.pt$/);
    await reproduce('voc21', '--method', 'cass');
    expect(server.requests.at(-1)!.path).toMatch(/\/dino_vitbase8_pretrain\.pth$/);
  }, 100_000);
});

describe('rfclip data pull', () => {
  test('says where it is, and the second time that it is there', async () => {
    const pull = () => run('data', 'pull', 'ade', '--data', 'mine', '--unverified');
    expect(await pull()).toMatchObject({
      code: 0,
      stdout: `ADE20K (SceneParse150): 2 images in ${join('mine', 'ADEChallengeData2016')}\n`,
    });
    expect((await pull()).stdout).toContain('2 images are there already');
    expect(server.asked('ADEChallengeData2016.zip')).toBe(1);
  });

  test('an interrupted one goes on where it was', async () => {
    let running: ReturnType<typeof startCli> | undefined;
    server.faults.set(VOC, (_, response, content) => {
      if (server.asked(VOC) > 1) return false;
      response.writeHead(200, { 'content-length': content.length, etag: '"held"' });
      response.write(content.subarray(0, 9000), () => setTimeout(() => running!.child.kill('SIGINT'), 1000));
      return true;
    });
    const args = ['data', 'pull', 'voc21', '--data', at('data'), '--unverified'];
    running = startCli(args, environment);
    expect((await running.ended).stderr).toMatch(/interrupted: VOCtrainval_11-May-2012\.tar, \d+ of 20 done/);
    server.faults.set(VOC, (request, response, content) => {
      expect(request.headers['if-range']).toBe('"held"');
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range!)![1]);
      expect(from).toBe(9000);
      response.writeHead(206, {
        'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
        'content-length': content.length - from,
      });
      response.end(content.subarray(from));
      return true;
    });
    expect(await run(...args)).toMatchObject({ code: 0, stdout: expect.stringContaining('2 images in') });
  }, 100_000);

  test('a second one into the same folder is told of the first', async () => {
    let begun = () => {};
    const asked = new Promise<void>((resolve) => (begun = resolve));
    server.faults.set(VOC, (_, response, content) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 9000), begun);
      return true;
    });
    const args = ['data', 'pull', 'voc21', '--data', at('data'), '--unverified'];
    const first = startCli(args, environment);
    await asked;
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(`another pull into ${at('data')} is running (process ${first.child.pid} on `);
    first.child.kill('SIGKILL');
    await first.ended;
    server.faults.delete(VOC);
    expect((await run(...args)).code).toBe(0);
  }, 100_000);

  test('an archive of another size than the published one is refused, with a way out', async () => {
    const { code, stderr } = await run('data', 'pull', 'voc21', '--data', at('data'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/the server has \d+ bytes, expected 1999639040\n {2}fetch VOCtrainval.*--unverified/);
  });

  test('names that are none, and data that needs a login', async () => {
    expect(await run('data', 'pull', 'sample')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no benchmark sample, expected one of voc21'),
    });
    expect(await run('reproduce', 'imagenet')).toMatchObject({ code: 2 });
    expect(await run('reproduce', 'cityscapes')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('register at https://www.cityscapes-dataset.com'),
    });
  });
});
