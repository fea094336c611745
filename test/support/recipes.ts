import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a document tells its reader to write. */
export interface Recipes {
  /** New files by path. */
  files: Map<string, string>;
  /** Changes of files that are there, in order. */
  edits: { path: string; lines: string[] }[];
}

/**
 * The recipes of a Markdown document: code blocks whose first line is a comment with a path are new files; `diff`
 * blocks have `--- path` and then, of that file, lines that are there (` `, to find the place), new ones (`+`) and ones
 * that go (`-`). Lines between them may be left out.
 */
export function readRecipes(markdown: string): Recipes {
  const recipes: Recipes = { files: new Map(), edits: [] };
  for (const [, language, block] of markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const path = /^\/\/ ([\w/.]+)\n/.exec(block);
    if (path !== null) recipes.files.set(path[1], block.slice(path[0].length));
    if (language !== 'diff') continue;
    for (const line of block.trimEnd().split('\n')) {
      if (line.startsWith('--- ')) recipes.edits.push({ path: line.slice(4), lines: [] });
      else recipes.edits.at(-1)!.lines.push(line);
    }
  }
  return recipes;
}

/** Carries recipes out in a copy of the tree. @throws Error where a line to find is not there. */
export function followRecipes({ files, edits }: Recipes, root: string): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  for (const { path, lines } of edits) writeFileSync(join(root, path), edited(path, lines, root));
}

function edited(path: string, changes: readonly string[], root: string): string {
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  let at = 0;
  for (const change of changes) {
    const text = change.slice(1);
    if (change.startsWith('+')) {
      lines.splice(at++, 0, text);
      continue;
    }
    const found = lines.indexOf(text, at);
    if (found < 0) throw new Error(`${path} has no line "${text}" after line ${at}`);
    if (change.startsWith('-')) lines.splice(found, 1);
    at = change.startsWith('-') ? found : found + 1;
  }
  return lines.join('\n');
}
