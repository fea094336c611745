import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readFixture } from './safetensors.ts';

/** One recorded call of a published function: role -> key of a tensor. */
export interface OpsCase {
  name: string;
  parameters: Record<string, any>;
  inputs: Record<string, string>;
  outputs: Record<string, string>;
  tolerance: any;
}

function path(file: string): string {
  return fileURLToPath(new URL(`../fixtures/ops/${file}`, import.meta.url));
}

const tensors = readFixture(path('ops.safetensors'));

/** The recorded cases whose name begins with this. */
export function opsCases(prefix: string): OpsCase[] {
  return (JSON.parse(readFileSync(path('cases.json'), 'utf8')) as OpsCase[]).filter((recorded) =>
    recorded.name.startsWith(prefix),
  );
}

/** A recorded tensor: float32, or uint8 for masks. */
export function opsTensor(key: string): { shape: number[]; data: Float32Array } {
  const tensor = tensors.get(key);
  if (tensor === undefined) throw new Error(`ops.safetensors has no tensor ${key}`);
  return { shape: tensor.shape, data: tensor.data as Float32Array };
}
