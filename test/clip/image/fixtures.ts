import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readFixture, type FixtureTensor } from '../../support/safetensors.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/image/', import.meta.url));

export function fixturePath(file: string): string {
  return FOLDER + file;
}

export function fixtureBytes(file: string): Uint8Array {
  return new Uint8Array(readFileSync(FOLDER + file));
}

export function fixtureTensors(file: string): Map<string, FixtureTensor> {
  return readFixture(FOLDER + file);
}

export const PICTURE_FILES = readdirSync(FOLDER)
  .filter((file) => /\.(png|jpg)$/.test(file))
  .sort();
