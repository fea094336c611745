import { fromHuggingFace } from './huggingFaceNames.ts';
import { isClipName, isWholeClip } from './clipNames.ts';
import type { TensorSource } from './renamedCheckpoint.ts';
import { prefixesBefore, type Subtree } from './subtree.ts';

interface Tower {
  prefix: string;
  sources: Map<string, TensorSource>;
}

/**
 * A CLIP whose towers lie under prefixes that have nothing to do with each other, such as `image_encoder.` and
 * `text_encoder.`: where there is exactly one of each, they are taken for one CLIP.
 * @returns undefined where there is none, or more than one of a kind, so that nobody knows which belong together
 */
export function towersApart(names: readonly string[]): Subtree | undefined {
  const known = new Set(names);
  const openAi = (anchor: string, besides: string, own: string): Tower[] =>
    [...prefixesBefore(names, [anchor])]
      .filter((prefix) => known.has(prefix + besides))
      .map((prefix) => tower(names, prefix, (inside) => presentedNames(inside, own)));
  const huggingFace = (anchor: string, own: RegExp): Tower[] =>
    [...prefixesBefore(names, [anchor])].map((prefix) =>
      tower(names, prefix, (inside) => fromHuggingFace(inside.filter((name) => own.test(name)))),
    );
  const images = [
    ...openAi('conv1.weight', 'class_embedding', 'visual.'),
    ...huggingFace('vision_model.embeddings.patch_embedding.weight', /^(vision_model|visual_projection)\./),
  ];
  const texts = [
    ...openAi('token_embedding.weight', 'positional_embedding', ''),
    ...huggingFace('text_model.embeddings.token_embedding.weight', /^(text_model|text_projection)\./),
  ];
  if (images.length !== 1 || texts.length !== 1) return undefined;
  const sources = new Map([...images[0].sources, ...texts[0].sources]);
  const scales = names.filter((name) => /(^|\.)logit_scale$/.test(name));
  if (scales.length === 1) sources.set('logit_scale', { parts: scales });
  if (!isWholeClip(sources)) return undefined;
  const prefix = `${images[0].prefix} and ${texts[0].prefix}`;
  const naming = sources.get('visual.conv1.weight')!.parts[0].endsWith('vision_model.embeddings.patch_embedding.weight')
    ? 'Hugging Face'
    : 'OpenAI';
  return { prefix, naming, sources, whole: true };
}

/** The tensors of a tower, which `present` renames. */
function tower(
  names: readonly string[],
  prefix: string,
  present: (inside: string[]) => Map<string, TensorSource>,
): Tower {
  const inside = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const sources = new Map<string, TensorSource>();
  for (const [name, source] of present(inside))
    if (isClipName(name)) sources.set(name, { ...source, parts: source.parts.map((part) => prefix + part) });
  return { prefix, sources };
}

/** Names as OpenAI's, with what the tower's own begin with. */
function presentedNames(inside: readonly string[], own: string): Map<string, TensorSource> {
  return new Map(
    inside.map((name) =>
      name === 'text_projection.weight'
        ? ['text_projection', { parts: [name], transposed: true }]
        : [own + name, { parts: [name] }],
    ),
  );
}
