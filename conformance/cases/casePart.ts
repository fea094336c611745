import type { Device } from '../../engine/device.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import type { ReferenceCase } from '../reading/manifest.ts';
import type { ReferenceFiles } from '../reading/referenceFiles.ts';
import type { SharedModels } from '../reading/sharedModels.ts';

/** What cases run with. */
export interface CaseContext {
  device: Device;
  files: ReferenceFiles;
  models: SharedModels;
}

/** A case, or the part of one that gets a line of its own. */
export interface CasePart {
  /** Within its folder. */
  name: string;
  /** Recorded outputs it answers for; default: all of the case. */
  compares?: readonly string[];
  /** Computes and compares. Whatever it throws makes the case fail with that sentence. */
  run: (checks: CaseChecks, context: CaseContext) => Promise<void> | void;
}

/** Turns a case of one folder into its parts; undefined for a case it does not know. */
export type CaseRunner = (reference: ReferenceCase) => CasePart[] | undefined;

/** A case of one part. */
export function wholeCase(reference: ReferenceCase, run: CasePart['run']): CasePart[] {
  return [{ name: reference.name, run }];
}

/** Copies a tensor out of the scope it would die with. */
export type Keep = (tensor: Tensor) => Tensor;

/**
 * Runs ops in a scope and downloads the tensors that `body` returns by name; nothing stays on the device, whatever is
 * thrown. What a trace shows to `body` has to be kept before it is returned.
 * @throws whatever `body` throws; DeviceError when the device fails.
 */
export async function evaluate<Names extends string>(
  device: Device,
  body: (keep: Keep) => Record<Names, Tensor>,
): Promise<Record<Names, Float32Array>> {
  const owned: Tensor[] = [];
  const keep: Keep = (tensor) => {
    const copy = device.withoutScope(() => tensor.clone());
    owned.push(copy);
    return copy;
  };
  try {
    const tensors = device.scope(() => body(keep));
    const names = Object.keys(tensors) as Names[];
    owned.push(...names.map((name) => tensors[name]));
    const values = await device.readAll(names.map((name) => tensors[name]));
    return Object.fromEntries(names.map((name, index) => [name, Float32Array.from(values[index])])) as Record<
      Names,
      Float32Array
    >;
  } finally {
    for (const tensor of owned) tensor.dispose();
  }
}
