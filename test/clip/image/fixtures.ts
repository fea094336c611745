import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REFERENCE } from '../../support/reference.ts';

const FOLDER = join(REFERENCE, 'image');

export function fixturePath(file: string): string {
  return join(FOLDER, file);
}

export function fixtureBytes(file: string): Uint8Array {
  return new Uint8Array(readFileSync(fixturePath(file)));
}

export const PICTURE_FILES = readdirSync(FOLDER)
  .filter((file) => /\.(png|jpg)$/.test(file))
  .sort();
