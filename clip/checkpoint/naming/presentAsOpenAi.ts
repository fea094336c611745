import type { CheckpointFile, CheckpointNaming } from '../checkpointFile.ts';
import { BUFFERS, isClipName, isInsideBlock, isWholeClip } from './clipNames.ts';
import { findDinos } from './dinoNames.ts';
import { fromHuggingFace, isHuggingFace } from './huggingFaceNames.ts';
import { withoutInnerWrappers } from './innerWrappers.ts';
import { otherKind, variantOf } from './otherKinds.ts';
import type { RenamedCheckpoint, TensorSource } from './renamedCheckpoint.ts';
import { refuseDamaged, selectSubtree } from './selectSubtree.ts';
import { allNames, inOrder, prefixesBefore, type Subtree, withPrefix } from './subtree.ts';
import { towersApart } from './towersApart.ts';

/** What wrappers put before every name: data-parallel training, `torch.compile`, and modules that hold a CLIP. */
const WRAPPERS = ['module.', '_orig_mod.', 'model.', 'clip.', 'clip_model.'];
const MAX_WRAPPERS = 4;

/** Names by which a CLIP is found behind any prefix. */
const ANCHORS = ['visual.conv1.weight', 'vision_model.embeddings.patch_embedding.weight'];

/**
 * Presents a weight file under the tensor names of OpenAI's CLIP, whatever its own naming: OpenAI and open_clip,
 * open_clip with the text tower under `text.`, Hugging Face `CLIPModel`. The CLIP may lie anywhere in the file, beside
 * anything; where there are several, the best of `inOrder` is taken. Other files (DINO, or anything else) keep their
 * names. Constant buffers are left out.
 * @param options.prefix what the names of the wanted CLIP begin with
 * @throws CheckpointError when a tensor of the CLIP is damaged, or does not fit those it is joined with; when there is
 *   no CLIP of that prefix.
 */
export function presentAsOpenAi(stored: CheckpointFile, options: { prefix?: string } = {}): RenamedCheckpoint {
  const file = withoutInnerWrappers(stored);
  const names = allNames(file);
  const wrapper = wrapperPrefix([...file.tensors.keys()]);
  const found = [...prefixesBefore(names, ANCHORS).add(wrapper)].map((prefix) => clipUnder(file, names, prefix));
  let clips = inOrder(
    file,
    found.filter((subtree) => subtree !== undefined),
  );
  const apart = clips[0]?.whole === true ? undefined : towersApart(names);
  if (apart !== undefined) clips = [apart, ...clips];
  const chosen = options.prefix === undefined ? clips[0] : withPrefix(file, clips, options.prefix, 'CLIP');
  const others = clips.filter((subtree) => subtree.whole && subtree !== chosen);
  if (chosen?.whole === true) return selectSubtree(file, chosen, others, variantOf(names, chosen.prefix));

  const unknown: Subtree = { prefix: wrapper, naming: 'unknown', sources: new Map(), whole: false };
  const partial = chosen ?? inOrder(file, findDinos(names))[0] ?? unknown;
  refuseDamaged(file, partial.prefix);
  return selectSubtree(file, everythingUnder(file, partial), [], otherKind(names));
}

function wrapperPrefix(names: readonly string[]): string {
  let prefix = '';
  for (let depth = 0; depth < MAX_WRAPPERS && names.length > 0; depth++) {
    prefix += WRAPPERS.find((wrapper) => names.every((name) => name.startsWith(prefix + wrapper))) ?? '';
  }
  return prefix;
}

/** The CLIP whose names begin with a prefix; undefined where no naming is recognised. */
function clipUnder(file: CheckpointFile, names: readonly string[], prefix: string): Subtree | undefined {
  const { naming, sources } = recognise(namesUnder(names, prefix));
  if (naming === 'unknown') return undefined;
  const own = new Map<string, TensorSource>();
  for (const [name, source] of sources) {
    const parts = source.parts.map((part) => prefix + part);
    const belongs = isClipName(name) || (isInsideBlock(name) && isFloat(file, parts[0]));
    if (belongs) own.set(name, { ...source, parts });
  }
  return { prefix, naming, sources: own, whole: isWholeClip(own) };
}

/** Integers inside of a block are buffers, which change nothing. */
function isFloat(file: CheckpointFile, name: string): boolean {
  const dtype = file.tensors.get(name)?.dtype;
  return dtype !== undefined && !/^(I|U|BOOL)/.test(dtype);
}

function recognise(names: readonly string[]): { naming: CheckpointNaming; sources: Map<string, TensorSource> } {
  if (isHuggingFace(names)) return { naming: 'Hugging Face', sources: fromHuggingFace(names) };
  if (names.includes('visual.conv1.weight')) {
    if (names.includes('text.token_embedding.weight'))
      return { naming: 'open_clip with text prefix', sources: withoutTextPrefix(names) };
    return { naming: 'OpenAI', sources: unchanged(names) };
  }
  return { naming: 'unknown', sources: unchanged(names) };
}

/** All that lies under the prefix of a network that is not whole, so that what is wrong with it can be said. */
function everythingUnder(file: CheckpointFile, { prefix, naming, whole }: Subtree): Subtree {
  const names = namesUnder([...file.tensors.keys()], prefix);
  const sources = naming === 'DINO' ? unchanged(names) : recognise(names).sources;
  const own = [...sources].map(
    ([name, source]) => [name, { ...source, parts: source.parts.map((part) => prefix + part) }] as const,
  );
  return { prefix, naming, sources: new Map(own), whole };
}

function namesUnder(names: readonly string[], prefix: string): string[] {
  return names
    .filter((name) => name.startsWith(prefix) && !BUFFERS.test(name))
    .map((name) => name.slice(prefix.length));
}

function unchanged(names: readonly string[]): Map<string, TensorSource> {
  return new Map(names.map((name) => [name, { parts: [name] }]));
}

/** Source: `CustomTextCLIP` in open_clip's `model.py`, whose text projection may be a linear layer. */
function withoutTextPrefix(names: readonly string[]): Map<string, TensorSource> {
  return new Map(
    names.map((name) => {
      if (name === 'text.text_projection.weight') return ['text_projection', { parts: [name], transposed: true }];
      return [name.startsWith('text.') ? name.slice('text.'.length) : name, { parts: [name] }];
    }),
  );
}
