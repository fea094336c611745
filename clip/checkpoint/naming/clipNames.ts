/** Constant buffers of released files that follow from the architecture; nobody is told that they are left out. */
export const BUFFERS = /(^|\.)(attn_mask|position_ids)$/;

/** Presented names without which there is no CLIP ViT, whatever its size. */
const REQUIRED = [
  'visual.conv1.weight',
  'visual.class_embedding',
  'visual.positional_embedding',
  'visual.ln_pre.weight',
  'visual.ln_pre.bias',
  'visual.ln_post.weight',
  'visual.ln_post.bias',
  'visual.proj',
  'visual.transformer.resblocks.0.ln_1.weight',
  'token_embedding.weight',
  'positional_embedding',
  'ln_final.weight',
  'ln_final.bias',
  'text_projection',
  'transformer.resblocks.0.ln_1.weight',
];

const BESIDE = ['logit_scale', 'input_resolution', 'context_length', 'vocab_size'];

const FIXED: ReadonlySet<string> = new Set([...REQUIRED, ...BESIDE]);

const IN_BLOCK =
  /^(visual\.)?transformer\.resblocks\.\d+\.(ln_[12]|attn\.out_proj|mlp\.c_fc|mlp\.c_proj)\.(weight|bias)$/;
const IN_PROJECTION = /^(visual\.)?transformer\.resblocks\.\d+\.attn\.in_proj_(weight|bias)$/;

/** Names inside of a block, in any naming, whatever comes after. */
const BLOCK = /^((visual\.)?transformer\.resblocks|(vision|text)_model\.encoder\.layers)\.\d+\./;

/** Whether a tensor of this name, in OpenAI's naming, is one of a CLIP ViT. */
export function isClipName(name: string): boolean {
  return FIXED.has(name) || IN_BLOCK.test(name) || IN_PROJECTION.test(name);
}

/** Whether a tensor of this name takes part in what a block computes, so that it cannot be left out. */
export function isInsideBlock(name: string): boolean {
  return BLOCK.test(name);
}

/** Whether presented names are those of a CLIP ViT with both towers. */
export function isWholeClip(names: { has(name: string): boolean }): boolean {
  return REQUIRED.every((name) => names.has(name));
}
