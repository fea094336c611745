import type { CheckpointFile, CheckpointNaming } from '../checkpointFile.ts';
import { fromHuggingFace, isHuggingFace } from './huggingFaceNames.ts';
import { RenamedCheckpoint, type TensorSource } from './renamedCheckpoint.ts';

/** What wrappers put before every name: data-parallel training, `torch.compile`, and modules that hold a CLIP. */
const WRAPPERS = ['module.', '_orig_mod.', 'model.', 'clip.', 'clip_model.'];
const MAX_WRAPPERS = 4;

/** Entries of released files that follow from the architecture. */
const BUFFERS = /(^|\.)(attn_mask|position_ids)$/;

/**
 * Presents a weight file under the tensor names of OpenAI's CLIP, whatever its own naming: OpenAI and open_clip,
 * open_clip with the text tower under `text.`, Hugging Face `CLIPModel`; each also behind a wrapper's prefix. Other
 * files (DINO, or anything else) keep their names. Constant buffers are left out.
 * @throws CheckpointError when a tensor that should be joined with others is missing or does not fit them.
 */
export function presentAsOpenAi(file: CheckpointFile): RenamedCheckpoint {
  const prefix = wrapperPrefix([...file.tensors.keys()]);
  const names = [...file.tensors.keys()].filter((name) => !BUFFERS.test(name)).map((name) => name.slice(prefix.length));
  const { naming, sources } = recognise(names);
  const original = new Map(
    [...sources].map(([name, source]) => [name, { ...source, parts: source.parts.map((part) => prefix + part) }]),
  );
  return new RenamedCheckpoint(file, naming, original);
}

function wrapperPrefix(names: readonly string[]): string {
  let prefix = '';
  for (let depth = 0; depth < MAX_WRAPPERS && names.length > 0; depth++) {
    prefix += WRAPPERS.find((wrapper) => names.every((name) => name.startsWith(prefix + wrapper))) ?? '';
  }
  return prefix;
}

function recognise(names: readonly string[]): { naming: CheckpointNaming; sources: Map<string, TensorSource> } {
  if (isHuggingFace(names)) return { naming: 'Hugging Face', sources: fromHuggingFace(names) };
  if (names.includes('visual.conv1.weight')) {
    if (names.includes('text.token_embedding.weight'))
      return { naming: 'open_clip with text prefix', sources: withoutTextPrefix(names) };
    return { naming: 'OpenAI', sources: unchanged(names) };
  }
  const isDino = names.includes('patch_embed.proj.weight') && names.includes('cls_token');
  return { naming: isDino ? 'DINO' : 'unknown', sources: unchanged(names) };
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
