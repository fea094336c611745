import type { TensorSource } from './renamedCheckpoint.ts';

const FIXED: Record<string, string> = {
  'vision_model.embeddings.class_embedding': 'visual.class_embedding',
  'vision_model.embeddings.patch_embedding.weight': 'visual.conv1.weight',
  'vision_model.embeddings.position_embedding.weight': 'visual.positional_embedding',
  // Spelled so in the published code; some files correct it.
  'vision_model.pre_layrnorm.weight': 'visual.ln_pre.weight',
  'vision_model.pre_layrnorm.bias': 'visual.ln_pre.bias',
  'vision_model.pre_layernorm.weight': 'visual.ln_pre.weight',
  'vision_model.pre_layernorm.bias': 'visual.ln_pre.bias',
  'vision_model.post_layernorm.weight': 'visual.ln_post.weight',
  'vision_model.post_layernorm.bias': 'visual.ln_post.bias',
  'text_model.embeddings.token_embedding.weight': 'token_embedding.weight',
  'text_model.embeddings.position_embedding.weight': 'positional_embedding',
  'text_model.final_layer_norm.weight': 'ln_final.weight',
  'text_model.final_layer_norm.bias': 'ln_final.bias',
};

const TRANSPOSED: Record<string, string> = {
  'visual_projection.weight': 'visual.proj',
  'text_projection.weight': 'text_projection',
};

const IN_BLOCK: Record<string, string> = {
  layer_norm1: 'ln_1',
  layer_norm2: 'ln_2',
  'self_attn.out_proj': 'attn.out_proj',
  'mlp.fc1': 'mlp.c_fc',
  'mlp.fc2': 'mlp.c_proj',
};

const BLOCK = /^(vision|text)_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)$/;

/** Whether names are those of Hugging Face's `CLIPModel`. */
export function isHuggingFace(names: Iterable<string>): boolean {
  return new Set(names).has('vision_model.embeddings.patch_embedding.weight');
}

/**
 * OpenAI names for the tensors of Hugging Face's `CLIPModel`: query, key and value are joined into one projection, and
 * the projections into the shared space, linear layers there, are transposed. Names that mean nothing here are kept.
 * Source: `convert_clip_original_pytorch_to_hf.py` and `modeling_clip.py` of transformers 4.
 */
export function fromHuggingFace(names: Iterable<string>): Map<string, TensorSource> {
  const sources = new Map<string, TensorSource>();
  for (const name of names) {
    const block = BLOCK.exec(name);
    if (Object.hasOwn(FIXED, name)) sources.set(FIXED[name], { parts: [name] });
    else if (Object.hasOwn(TRANSPOSED, name)) sources.set(TRANSPOSED[name], { parts: [name], transposed: true });
    else if (block !== null) addBlockTensor(sources, block, name);
    else sources.set(name, { parts: [name] });
  }
  return sources;
}

function addBlockTensor(
  sources: Map<string, TensorSource>,
  [, tower, layer, place, kind]: RegExpExecArray,
  name: string,
): void {
  const prefix = `${tower === 'vision' ? 'visual.' : ''}transformer.resblocks.${layer}`;
  if (Object.hasOwn(IN_BLOCK, place)) {
    sources.set(`${prefix}.${IN_BLOCK[place]}.${kind}`, { parts: [name] });
  } else if (/^self_attn\.[qkv]_proj$/.test(place)) {
    const of = (letter: string) => `${tower}_model.encoder.layers.${layer}.self_attn.${letter}_proj.${kind}`;
    sources.set(`${prefix}.attn.in_proj_${kind}`, { parts: [of('q'), of('k'), of('v')] });
  } else {
    sources.set(name, { parts: [name] });
  }
}
