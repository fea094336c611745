import type { CheckpointFile } from '../checkpointFile.ts';
import { findDinos } from './dinoNames.ts';
import { withoutInnerWrappers } from './innerWrappers.ts';
import { otherVit } from './otherKinds.ts';
import { refuseDamaged, selectSubtree } from './selectSubtree.ts';
import { allNames, inOrder, withPrefix } from './subtree.ts';

/**
 * Presents the DINO ViT of a weight file under its own names, wherever it lies: behind the prefix of a training
 * program, the teacher beside the student, beside projection heads. A file without one is returned as it is.
 * @param options.prefix what the names of the wanted ViT begin with
 * @throws CheckpointError when a tensor of it is damaged; when there is none of that prefix.
 */
export function presentDino(stored: CheckpointFile, options: { prefix?: string } = {}): CheckpointFile {
  const file = withoutInnerWrappers(stored);
  const names = allNames(file);
  const dinos = inOrder(file, findDinos(names));
  const chosen = options.prefix === undefined ? dinos[0] : withPrefix(file, dinos, options.prefix, 'DINO ViT');
  if (chosen !== undefined) {
    const others = dinos.filter((subtree) => subtree.whole && subtree !== chosen);
    return selectSubtree(file, chosen, others, otherVit(names, chosen.prefix));
  }
  refuseDamaged(file);
  const unchanged = new Map([...file.tensors.keys()].map((name) => [name, { parts: [name] }]));
  const instead = otherVit(names, '');
  return selectSubtree(file, { prefix: '', naming: 'unknown', sources: unchanged, whole: false }, [], instead);
}
