import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Model, type ModelOptions, type ProgressEvent } from '../../library/index.ts';
import { findKnownCheckpoint } from '../../weights/knownCheckpoints.ts';
import { REFERENCE } from '../support/reference.ts';
import { writeRandomCheckpoint } from '../support/randomCheckpoint.ts';
import { LIBRARY_CONFIG, QUICK, randomPicture, useFolder } from '../support/useSmallModel.ts';
import { type FileServer, serve } from '../weights/fileServer.ts';

const folder = useFolder();
const known = findKnownCheckpoint('ViT-B/16')!;
const published = known.sha256;
let weights: Buffer;
let server: FileServer;
let address: string | undefined;

beforeAll(async () => {
  const metadata = { distraction_dimensions: '[3, 17, 29]' };
  weights = readFileSync(writeRandomCheckpoint(join(folder.path, 'small.safetensors'), LIBRARY_CONFIG, metadata));
  server = await serve(weights);
  address = process.env.RFCLIP_WEIGHTS_BASE_URL;
  process.env.RFCLIP_WEIGHTS_BASE_URL = `${server.url}/mirror`;
});
afterAll(async () => {
  if (address === undefined) delete process.env.RFCLIP_WEIGHTS_BASE_URL;
  else process.env.RFCLIP_WEIGHTS_BASE_URL = address;
  await server.close();
});
afterEach(() => {
  Object.assign(known, { sha256: published });
  server.content = weights;
  server.misbehave = undefined;
});

let cacheCount = 0;

/** An empty cache, and what is in it. */
function freshCache(): () => string[] {
  const cache = join(folder.path, `cache-${++cacheCount}`);
  process.env.RFCLIP_CACHE_DIR = cache;
  server.requests.length = 0;
  return () => (existsSync(join(cache, 'weights')) ? readdirSync(join(cache, 'weights')).sort() : []);
}

/** Lets the small weights stand for those that are known. */
function publish(): void {
  Object.assign(known, { sha256: createHash('sha256').update(weights).digest('hex') });
}

function listen(): { events: ProgressEvent[]; onProgress: (event: ProgressEvent) => void } {
  const events: ProgressEvent[] = [];
  return { events, onProgress: (event) => events.push(event) };
}

const percents = (events: readonly ProgressEvent[]) =>
  events.flatMap(({ file, progress }) => (file === 'checkpoint' && progress !== undefined ? [progress] : []));

describe('a checkpoint by a URL', () => {
  it('of the file system is the file; others are not fetched', async () => {
    const path = join(folder.path, 'small.safetensors');
    const { events, onProgress } = listen();
    using model = await Model.open({ checkpoint: pathToFileURL(path), onProgress });
    expect(model.checkpoint).toBe(path);
    expect(events[0].name).toBe(path);
    const open = Model.open({ checkpoint: new URL('https://example.org/x.pt') });
    await expect(open).rejects.toThrow('the option checkpoint of Model.open is a URL, expected a path or a name');
  });
});

describe('a checkpoint that is known by name', () => {
  it('is downloaded once, with progress, by any spelling', async () => {
    const cached = freshCache();
    publish();
    const { events, onProgress } = listen();
    using model = await Model.open({ checkpoint: 'ViT-B/16', onProgress });
    expect(cached()).toEqual(['ViT-B-16.pt']);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0].path).toBe(`/mirror${new URL(known.url).pathname}`);
    const lines = events.map(({ status, file }) => `${status} ${file}`);
    expect(lines.filter((line, i) => line !== lines[i - 1])).toEqual([
      'initiate checkpoint',
      'download checkpoint',
      'progress checkpoint',
      'done checkpoint',
      'initiate image tower',
      'progress image tower',
      'done image tower',
      'ready checkpoint',
    ]);
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['ViT-B/16']));
    expect(percents(events)).toEqual([...percents(events)].sort((a, b) => a - b));
    expect(percents(events).at(-1)).toBe(100);
    const result = await (await model.segmenter('cat, dog', QUICK)).segment(randomPicture(1));
    expect(result.toJSON().checkpoint).toBe(model.checkpoint);

    const again = listen();
    using other = await Model.open({
      checkpoint: 'openai/vit-b-16',
      localFilesOnly: true,
      onProgress: again.onProgress,
    });
    expect(other.checkpoint).toBe(model.checkpoint);
    expect(server.requests).toHaveLength(1);
    expect(again.events.map(({ status }) => status)).not.toContain('download');
  });

  it('is not downloaded where only local files may be used', async () => {
    const cached = freshCache();
    await expect(Model.open({ checkpoint: 'ViT-B/16', localFilesOnly: true })).rejects.toMatchObject({
      code: 'RFCLIP-NOT-PULLED',
      message: expect.stringContaining('checkpoint ViT-B/16 is not in '),
    });
    expect(server.requests).toEqual([]);
    expect(cached()).toEqual([]);
  });

  it('is deleted where it has another SHA-256 than the published one', async () => {
    const cached = freshCache();
    await expect(Model.open({ checkpoint: 'ViT-B/16' })).rejects.toMatchObject({
      name: 'DownloadError',
      code: 'RFCLIP-DOWNLOAD',
      message: expect.stringMatching(
        /could not be downloaded: what came has the SHA-256 [0-9a-f]{64}, expected 5806e77c/,
      ),
    });
    expect(cached()).toEqual([]);
  });

  it('that the server has not is told at once', async () => {
    freshCache();
    server.misbehave = (_, response) => {
      response.writeHead(404).end();
      return true;
    };
    await expect(Model.open({ checkpoint: 'ViT-B/16' })).rejects.toMatchObject({
      name: 'DownloadError',
      code: 'RFCLIP-DOWNLOAD',
      message: expect.stringContaining('the server has no such file (404)'),
    });
  });

  it('may be the DINO of a model', async () => {
    const cached = freshCache();
    server.content = readFileSync(join(REFERENCE, 'methods', 'tiny_dino.safetensors'));
    const { events, onProgress } = listen();
    // CASS pairs heads of two towers, so CLIP has as many and as wide ones here.
    const vision = { ...LIBRARY_CONFIG.vision, width: 128, heads: 2 };
    const checkpoint = writeRandomCheckpoint(join(folder.path, 'wide.safetensors'), { ...LIBRARY_CONFIG, vision });
    using model = await Model.open({ checkpoint, dino: 'DINO-ViT-B/8', onProgress });
    expect(cached()).toEqual(['dino_vitbase8_pretrain.pth']);
    const lines = events.filter(({ file }) => file === 'dino').map(({ status, name }) => `${status} ${name}`);
    expect(lines.filter((line, i) => line !== lines[i - 1])).toEqual([
      'initiate DINO-ViT-B/8',
      'download DINO-ViT-B/8',
      'progress DINO-ViT-B/8',
      'done DINO-ViT-B/8',
    ]);
    const segmenter = await model.segmenter('cat, dog', { resize: [128, 64], window: 64, stride: 64, method: 'cass' });
    expect((await segmenter.segment(randomPicture(1))).toJSON().method).toBe('cass');
  });
});

describe('a download', () => {
  const open = (options: ModelOptions = {}) => Model.open({ checkpoint: 'ViT-B/16', ...options });

  /** Sends half of the file and then nothing. */
  function sendHalf(): void {
    server.misbehave = (request, response, content) => {
      if (request.headers.range !== undefined) return false;
      response.setHeader('etag', server.etag!);
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, content.length / 2));
      return true;
    };
  }

  it('that a signal ends throws its reason, and goes on there the next time', async () => {
    const cached = freshCache();
    publish();
    sendHalf();
    const reason = new Error('enough');
    const controller = new AbortController();
    const first = listen();
    const onProgress = (event: ProgressEvent) => {
      first.onProgress(event);
      if ((event.progress ?? 0) > 10) setTimeout(() => controller.abort(reason), 20);
    };
    const started = performance.now();
    await expect(open({ signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(server.requests).toHaveLength(1);
    expect(cached()).toEqual(['ViT-B-16.pt.part', 'ViT-B-16.pt.part.json']);
    const { size } = statSync(join(process.env.RFCLIP_CACHE_DIR!, 'weights', 'ViT-B-16.pt.part'));
    expect(size).toBeGreaterThan(0);

    server.misbehave = undefined;
    const second = listen();
    using _ = await open({ onProgress: second.onProgress });
    expect(server.requests[1].range).toBe(`bytes=${size}-`);
    expect(percents(second.events)[0]).toBeCloseTo((100 * size) / weights.length, 6);
    expect(percents(second.events).at(-1)).toBe(100);
    expect(cached()).toEqual(['ViT-B-16.pt']);
  });

  it('that waits for its next attempt can be ended by a signal as well', async () => {
    freshCache();
    const controller = new AbortController();
    server.misbehave = (_, response) => {
      response.writeHead(503, { 'retry-after': '60' }).end();
      setTimeout(() => controller.abort('enough'), 20);
      return true;
    };
    const started = performance.now();
    await expect(open({ signal: controller.signal })).rejects.toBe('enough');
    expect(performance.now() - started).toBeLessThan(5000);
    expect(server.requests).toHaveLength(1);
  });

  it('ends with what a callback throws, and is not tried again', async () => {
    freshCache();
    publish();
    const own = new Error('no more');
    const onProgress = ({ status }: ProgressEvent) => {
      if (status === 'progress') throw own;
    };
    await expect(open({ onProgress })).rejects.toBe(own);
    expect(server.requests).toHaveLength(1);
  });

  it('that begins anew never shows fewer percent than before', async () => {
    freshCache();
    publish();
    server.ranges = false;
    let cuts = 0;
    server.misbehave = (_, response, content) => {
      if (++cuts > 1) return false;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, content.length / 2), () => setTimeout(() => response.destroy(), 20));
      return true;
    };
    const { events, onProgress } = listen();
    using _ = await open({ onProgress });
    server.ranges = true;
    expect(server.requests).toHaveLength(2);
    expect(percents(events)).toEqual([...percents(events)].sort((a, b) => a - b));
    expect(percents(events).at(-1)).toBe(100);
  });
});
