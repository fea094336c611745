import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './statistics.ts';

/** What to time. */
export interface StartupOptions {
  adapter?: string;
  repetitions: number;
}

/** The child's own account of one start, in milliseconds since the process began. */
interface StartupReport {
  device: number;
  model: number;
  text: number;
  labels: number;
  compile: number;
  adapter: string;
}

/** A row of the table: medians, in milliseconds since the process began, and of them those of creating pipelines. */
interface StartupRow extends Omit<StartupReport, 'adapter'> {
  driverCache: string;
}

/**
 * Times whole processes from start to the first label map with the embedded checkpoint (one 336x500 image, two
 * classes, no text cache), and the part of it during which kernels were being compiled.
 */
export async function benchStartup(
  options: StartupOptions,
  print: (line: string) => void,
): Promise<{ adapter: string; rows: StartupRow[] }> {
  const child = fileURLToPath(new URL('./startupChild.js', import.meta.url));
  // The driver keeps compiled kernels on disk; an empty folder shows the first start, the default folder the next ones.
  const cold = await times(child, options, () => ({
    MESA_SHADER_CACHE_DIR: mkdtempSync(join(tmpdir(), 'rfclip-shaders-')),
  }));
  const warm = await times(child, options, () => ({}));
  print(
    `process start to first label map, embedded checkpoint, 500x336 image, adapter ${cold[0].adapter}, median of ` +
      `${options.repetitions}, ms since start`,
  );
  const pick = (reports: StartupReport[], key: Exclude<keyof StartupReport, 'adapter'>) =>
    median(reports.map((report) => report[key]));
  print('driver cache   device ready  model open  text ready  first labels  creating pipelines');
  const rows = Object.entries({ empty: cold, warm }).map(([driverCache, reports]): StartupRow => {
    const [device, model, text, labels, compile] = (['device', 'model', 'text', 'labels', 'compile'] as const).map(
      (key) => pick(reports, key),
    );
    return { driverCache, device, model, text, labels, compile };
  });
  for (const { driverCache, device, model, text, labels, compile } of rows) {
    const columns = [device, model, text, labels].map((time, i) => time.toFixed(0).padStart([13, 11, 11, 13][i]));
    print(`${driverCache.padEnd(13)} ${columns.join(' ')} ${compile.toFixed(0).padStart(19)}`);
  }
  // A driver may compile when a pipeline is created or when it first runs; the difference of the rows holds both.
  const compiling = pick(cold, 'labels') - pick(warm, 'labels');
  print(
    `compiling kernels takes ${compiling.toFixed(0)} ms of a first start ` +
      `(${((100 * compiling) / pick(cold, 'labels')).toFixed(0)} %): the difference of the two rows`,
  );
  return { adapter: cold[0].adapter, rows };
}

async function times(
  child: string,
  options: StartupOptions,
  environment: () => Record<string, string>,
): Promise<StartupReport[]> {
  const reports: StartupReport[] = [];
  for (let repetition = 0; repetition < options.repetitions; repetition++) {
    const extra = environment();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [child, ...(options.adapter === undefined ? [] : [options.adapter])],
      { env: { ...process.env, ...extra } },
    );
    reports.push(JSON.parse(stdout) as StartupReport);
    for (const folder of Object.values(extra)) rmSync(folder, { recursive: true, force: true });
  }
  return reports;
}
