/** Markdown as far as the tests of the documentation look at it. */

/** Fenced blocks of a language. */
export function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , code]) => code);
}

/** A page without fenced blocks. */
function withoutBlocks(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, '');
}

/** Text in backquotes outside of blocks. */
export function inlineCode(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/`([^`]+)`/g)].map(([, code]) => code.replace(/\s+/g, ' '));
}

/**
 * How many words of prose a page has: whatever stands between spaces and holds a letter or a digit, headings included.
 * Fenced blocks, tables, comments and the addresses of links do not count.
 */
export function countWords(text: string): number {
  return withoutBlocks(text)
    .replace(/^\|.*$/gm, '')
    .replace(/<!--[^]*?-->/g, '')
    .replace(/\]\([^)]*\)/g, ']')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Addresses of links and pictures that lead into the checkout: a path, a place in a page (`#...`), or both. */
export function relativeLinks(text: string): string[] {
  return [
    ...withoutBlocks(text)
      .replace(/`[^`]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, target]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The names by which GitHub links to the headings of a page. */
export function anchors(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/**
 * Simple commands of a shell script, each as its words: comments, variables set before a command, and what a command is
 * substituted by are left out.
 */
export function shellCommands(script: string): string[][] {
  return script
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line) => splitCommands(line))
    .map((words) => words.slice(words.findIndex((word) => !/^(\w+=.*|do|then)$/.test(word))))
    .filter((words) => words.length > 0);
}

function splitCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token] of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"';|&#]|(?<=\S)#)+|&&|\|\|?|;|#.*/g)) {
    if (token.startsWith('#')) break;
    if (/^(&&|\|\|?|;)$/.test(token)) commands.push([]);
    else commands.at(-1)!.push(token.replace(/["']/g, ''));
  }
  return commands.filter((words) => words.length > 0);
}
