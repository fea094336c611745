import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FixtureTensor, readFixture } from './safetensors.ts';

const folder = fileURLToPath(new URL('../fixtures/paper/', import.meta.url));
const tensors = readFixture(`${folder}steps.safetensors`);

interface PaperCase {
  name: string;
  parameters: Record<string, any>;
  inputs: Record<string, { key: string }>;
  outputs: Record<string, { key: string }>;
}

const { cases } = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as { cases: PaperCase[] };

/** Recorded steps of the paper's method (computed independently in float64) whose name starts so. */
export function paperCases(prefix: string): PaperCase[] {
  return cases.filter(({ name }) => name.startsWith(prefix));
}

/** A recorded tensor. */
export function paperTensor(reference: { key: string }): FixtureTensor {
  return tensors.get(reference.key)!;
}
