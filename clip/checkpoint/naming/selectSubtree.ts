import { CheckpointError, type CheckpointFile, type Selection } from '../checkpointFile.ts';
import { BUFFERS } from './clipNames.ts';
import { RenamedCheckpoint } from './renamedCheckpoint.ts';
import type { Subtree } from './subtree.ts';

/**
 * A weight file of which only one network is presented.
 * @param others networks that could have been taken as well; their tensors are not counted as left out
 * @param instead what the file is, where it is not what was looked for
 * @throws CheckpointError when a tensor that is presented cannot be read, or does not fit others it is joined with.
 */
export function selectSubtree(
  file: CheckpointFile,
  chosen: Subtree,
  others: readonly Subtree[] = [],
  instead?: string,
): RenamedCheckpoint {
  const used = new Set<string>();
  for (const { parts } of chosen.sources.values()) {
    for (const part of parts) {
      used.add(part);
      if (!file.tensors.has(part)) refuseUnusable(file, part);
    }
  }
  const ofOthers = new Set(
    others.flatMap(({ sources }) => [...sources.values()].flatMap(({ parts }) => parts as string[])),
  );
  const damaged = [...(file.unusable ?? [])].filter(([, problem]) => problem.damaged).map(([name]) => name);
  const selection: Selection = {
    prefix: chosen.prefix,
    leftOut: [...file.tensors.keys(), ...damaged].filter(
      (name) => !used.has(name) && !ofOthers.has(name) && !BUFFERS.test(name),
    ),
    others: others.map(({ prefix }) => prefix),
    instead,
  };
  return new RenamedCheckpoint(file, chosen.naming, chosen.sources, selection);
}

/** @throws CheckpointError for a tensor of the file that is there and cannot be read. */
function refuseUnusable(file: CheckpointFile, name: string): void {
  const problem = file.unusable?.get(name);
  if (problem !== undefined)
    throw new CheckpointError(
      `checkpoint ${file.path} cannot be used: tensor ${name} ${problem.reason}`,
      file.path,
      undefined,
      'convert it to safetensors with PyTorch, or save only its state dict with torch.save',
    );
}

/** @throws CheckpointError for the first damaged tensor whose name begins with `prefix`. */
export function refuseDamaged(file: CheckpointFile, prefix = ''): void {
  for (const [name, { damaged }] of file.unusable ?? [])
    if (damaged && name.startsWith(prefix)) refuseUnusable(file, name);
}
