import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    textFeatures: string;
  }
}

/** Run by Vitest before all tests: a folder for the text features that test files share. @returns what removes it */
export default function makeSuiteFolder(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-suite-'));
  project.provide('textFeatures', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

/**
 * Makes a cache of a test file's own, whose text features are those of all test files: the 96 words of the sample set
 * take two seconds of a processor, and the words of the eight benchmarks more. They were made in the same run of the
 * suite, by whoever needed them first.
 * @param cache the folder, which may be there
 * @returns it
 */
export function cacheWithTextFeatures(cache: string): string {
  mkdirSync(cache, { recursive: true });
  try {
    symlinkSync(inject('textFeatures'), join(cache, 'text-features'), 'junction');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return cache;
}
