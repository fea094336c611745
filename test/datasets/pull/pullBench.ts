import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { DataSource } from '../../../datasets/pull/sources.ts';
import { pullDataSet, type PulledDataSet } from '../../../datasets/pull/pullDataSet.ts';
import type { DataPullOptions } from '../../../datasets/pull/pullOptions.ts';
import type { RfclipError } from '../../../engine/errors.ts';
import type { Reporter } from '../../../system/reporter.ts';
import { type ArchiveServer, serveArchives } from './archiveServer.ts';
import { miniatureArchives, miniatureSources } from './miniatureArchives.ts';

export const VOC = 'VOCtrainval_11-May-2012.tar';
export const COCO = 'stuffthingmaps_trainval2017.zip';

/** All that a pull of VOC's miniature leaves. */
export const VOC_FILES: readonly string[] = [
  'VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt',
  'VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt',
  'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg',
  'VOCdevkit/VOC2012/JPEGImages/2007_000042.jpg',
  'VOCdevkit/VOC2012/SegmentationClass/2007_000032.png',
  'VOCdevkit/VOC2012/SegmentationClass/2007_000033.png',
  'VOCdevkit/VOC2012/SegmentationClass/2007_000042.png',
  'rfclip-sources.json',
];

/** Downloads that give up within moments. */
export const PATIENCE = { attempts: 3, backoffMilliseconds: 1, stallMilliseconds: 300 };

/** A data folder and a server of miniature archives, new for each test. */
export class PullBench {
  folder = '';
  data = '';
  archives = new Map<string, Buffer>();
  server!: ArchiveServer;
  notes: string[] = [];
  /** The table with what is on record; undefined: of the archives as they are. */
  sources: Record<string, DataSource> | undefined;
  readonly reporter: Reporter = {
    note: (line) => void this.notes.push(line),
    failure: (line) => void this.notes.push(line),
    progress: () => ({ step: () => {}, stop: () => {} }),
  };

  /** What is on record stays, whatever becomes of the archives. */
  publish(): void {
    this.sources = miniatureSources(this.archives);
  }

  pull(name = 'voc21', options: DataPullOptions = {}): Promise<PulledDataSet> {
    const { reporter, sources = miniatureSources(this.archives) } = this;
    return pullDataSet(name, this.data, { sources, threads: 1, reporter, patience: PATIENCE, ...options });
  }

  /** The error of a pull that fails, which must be one of ours. */
  async failure(name?: string, options?: DataPullOptions): Promise<RfclipError> {
    const error = await this.pull(name, options).then(
      () => new Error('it succeeded'),
      (reason: unknown) => reason,
    );
    expect((error as RfclipError).code ?? error).toMatch(/^RFCLIP-/);
    return error as RfclipError;
  }

  /** All files below a folder, sorted. */
  tree(place = this.data): string[] {
    return readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(place.length + 1))
      .sort();
  }
}

/** The bench of the test that runs. */
export function usePullBench(): PullBench {
  const bench = new PullBench();
  beforeEach(async () => {
    bench.folder = mkdtempSync(join(tmpdir(), 'rfclip-pull-'));
    bench.data = join(bench.folder, 'data');
    bench.archives = miniatureArchives();
    bench.server = await serveArchives(bench.archives);
    bench.notes = [];
    bench.sources = undefined;
    process.env.RFCLIP_DATA_BASE_URL = bench.server.url;
  });
  afterEach(async () => {
    delete process.env.RFCLIP_DATA_BASE_URL;
    await bench.server.close();
    rmSync(bench.folder, { recursive: true, force: true });
  });
  return bench;
}

/** Writes a file and the folders above it. */
export function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
