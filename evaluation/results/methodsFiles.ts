import { join } from 'node:path';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { formatMethodsHtml } from '../htmlReport/methodsPage.ts';
import { formatMethodsMarkdown } from './report.ts';
import type { EvaluationResult } from './result.ts';

/** Paths of what `writeMethodsFiles` writes. */
export function methodsFiles(folder: string): string[] {
  return ['methods.md', 'methods.html'].map((name) => join(folder, name));
}

/**
 * Writes `methods.md` and `methods.html`: several methods on one data set beside each other.
 * @param folder above those of the methods
 * @throws OutputError
 */
export async function writeMethodsFiles(folder: string, results: readonly EvaluationResult[]): Promise<void> {
  const [markdown, page] = methodsFiles(folder);
  await atomicWrite(markdown, formatMethodsMarkdown(results));
  await atomicWrite(page, formatMethodsHtml(results));
}
