/**
 * Runs programs one after another in this process, for they may share one GPU, and prints as JSON what each printed, by
 * its path: `tsx runPrograms.ts FILE...`. A program that fails has its error as the last line.
 */
import { format } from 'node:util';
import { pathToFileURL } from 'node:url';

const printed: Record<string, string> = {};
const { log } = console;
for (const path of process.argv.slice(2)) {
  const lines: string[] = [];
  console.log = (...values: unknown[]) => void lines.push(format(...values));
  try {
    await import(pathToFileURL(path).href);
  } catch (error) {
    lines.push(String(error));
  }
  printed[path] = lines.map((line) => `${line}\n`).join('');
}
log(JSON.stringify(printed));
