/** A kind of network that people take for a CLIP ViT, and the names that it has and has not. */
interface Kind {
  /** As the middle of `checkpoint X is ..., expected a CLIP ViT with both towers`. */
  what: string;
  /** Each is a part of some name. */
  has: readonly RegExp[];
  /** None is a part of any name. */
  lacks?: readonly RegExp[];
}

const HF_TEXT = /(^|\.)text_model\.embeddings\.token_embedding\.weight$/;
const HF_IMAGE = /(^|\.)vision_model\.embeddings\.(patch_embedding\.weight|class_embedding)$/;
const TOKENS = /(^|\.)token_embedding\.weight$/;
const VISUAL = /(^|\.)visual\./;

/** From the surest sign to the least. */
const KINDS: readonly Kind[] = [
  {
    what: 'a LLaVA model, whose CLIP is the image tower without the text tower (take the CLIP that it was made from)',
    has: [/(^|\.)(mm_projector|multi_modal_projector|image_newline)(\.|$)/],
  },
  {
    what: "LLaVA's image tower without a text tower (take the CLIP that it was made from)",
    has: [/(^|\.)vision_tower\./],
    lacks: [HF_TEXT],
  },
  {
    what: 'a model of a diffusion pipeline (Stable Diffusion or a relative), which has no image tower of CLIP',
    has: [/(^|\.)(model\.diffusion_model|first_stage_model|cond_stage_model|conditioner\.embedders)\./],
  },
  {
    what: 'the denoiser of a diffusion pipeline',
    has: [/^(down_blocks|up_blocks|mid_block|double_blocks|single_blocks|joint_blocks|transformer_blocks)\./],
  },
  { what: 'the autoencoder of a diffusion pipeline', has: [/(^|\.)(post_)?quant_conv\.weight$/] },
  { what: 'the autoencoder of a diffusion pipeline', has: [/^(encoder|decoder)\.(down|up)(_blocks)?\.\d/] },
  { what: 'a SigLIP, whose towers are built otherwise', has: [/(^|\.)vision_model\.head\.(probe|attention)/] },
  {
    what: 'a SigLIP, whose towers are built otherwise',
    has: [/(^|\.)vision_model\.embeddings\.patch_embedding\.bias$/],
    lacks: [/(^|\.)vision_model\.embeddings\.class_embedding$/],
  },
  {
    what: 'a SigLIP, whose towers are built otherwise',
    has: [/(^|\.)visual\.trunk\.attn_pool\./, /(^|\.)logit_bias$/],
  },
  { what: 'a CoCa, whose image tower ends in attention pooling', has: [/(^|\.)text_decoder\./, VISUAL] },
  { what: 'a CLIP with a ResNet as its image tower', has: [/(^|\.)visual\.layer1\.0\.conv1\.weight$/] },
  { what: "a CLIP with one of timm's image towers", has: [/(^|\.)visual\.trunk\./] },
  {
    what: 'an EVA-CLIP, whose image tower is built otherwise',
    has: [/(^|\.)visual\.blocks\.\d+\./, /(^|\.)visual\.patch_embed\./],
  },
  { what: 'a BLIP-2', has: [/(^|\.)q_?former\./i] },
  { what: 'a BLIP or ALBEF', has: [/(^|\.)visual_encoder\.blocks\.\d/] },
  {
    what: 'a CLIP whose text tower is a BERT or another language model',
    has: [
      /(^|\.)(text\.transformer\.(embeddings|encoder|shared)|bert\.(embeddings|encoder)|text_model\.(roberta\.)?encoder\.layer)\./,
    ],
  },
  { what: 'a MobileCLIP', has: [/(^|\.)image_encoder\.model\./, /(^|\.)text_encoder\./] },
  { what: 'an ImageBind', has: [/(^|\.)modality_(trunks|preprocessors)\./] },
  { what: 'a CLAP, for sounds', has: [/(^|\.)audio_(branch|model)\./] },
  { what: 'a GroupViT', has: [/(^|\.)vision_model\.encoder\.stages\./] },
  { what: 'a Segment Anything model', has: [/(^|\.)mask_decoder\./, /(^|\.)(image_encoder|vision_encoder)\./] },
  {
    what: 'a prompt-tuned CLIP (CoOp or a relative) that was saved without its token embedding',
    has: [/(^|\.)prompt_learner\./, /(^|\.)image_encoder\./],
    lacks: [TOKENS],
  },
  {
    what: 'a learned prompt alone, without the CLIP that it was learned for',
    has: [/(^|\.)(ctx|token_(prefix|suffix))$/],
    lacks: [VISUAL, TOKENS, HF_IMAGE],
  },
  {
    what: 'LoRA weights alone, which are added to a checkpoint',
    has: [/lora_(\w+\.)?(A|B|up|down)\b|(^|[._])lora_(unet|te)/],
    lacks: [/(^|\.)conv1\.weight$/, /patch_embedding\.weight$/],
  },
  { what: 'a DINOv2 or DINOv3 ViT, which has no text tower', has: [/(^|\.)blocks\.(\d+\.)+ls1\.gamma$/] },
  { what: 'a DINOv2 or DINOv3 ViT, which has no text tower', has: [/(^|\.)layer_scale1\.lambda1$/] },
  {
    what: "a ViT in Hugging Face's naming, which has no text tower",
    has: [/(^|\.)embeddings\.patch_embeddings\.projection\.weight$/],
  },
  { what: 'a text tower without an image tower', has: [HF_TEXT], lacks: [HF_IMAGE, VISUAL] },
  {
    what: 'a text tower without an image tower',
    has: [TOKENS, /(^|\.)transformer\.resblocks\.0\./],
    lacks: [VISUAL, HF_IMAGE, /(^|\.)conv1\.weight$/],
  },
  { what: 'an image tower without a text tower', has: [HF_IMAGE], lacks: [HF_TEXT] },
  {
    what: 'an image tower without a text tower',
    has: [/(^|\.)conv1\.weight$/, /(^|\.)class_embedding$/],
    lacks: [TOKENS],
  },
  { what: 'an image tower without a text tower', has: [/(^|\.)visual\.conv1\.weight$/], lacks: [TOKENS] },
  { what: 'a T5 language model', has: [/(^|\.)block\.0\.layer\.0\.SelfAttention\./] },
  { what: 'a BERT language model', has: [/(^|\.)embeddings\.word_embeddings\.weight$/] },
  { what: 'a language model', has: [/(^|\.)(embed_tokens|lm_head|wte)\.weight$/] },
  { what: 'a Swin transformer', has: [/(^|\.)layers\.0\.blocks\.0\.attn\.relative_position/] },
  { what: 'a ResNet', has: [/(^|\.)layer1\.0\.conv1\.weight$/] },
  { what: 'the state of an optimizer', has: [/(^|\.)exp_avg$/], lacks: [/conv1\.weight$/, /embedding/] },
];

/** Whole CLIPs that compute something else than a CLIP ViT, by names below their prefix. */
const VARIANTS: readonly Kind[] = [
  {
    what: 'a LongCLIP, whose text positions come in two tables',
    has: [/^(text\.)?positional_embedding_res$|^text_model\.embeddings\.position_embedding_res\b/],
  },
  { what: 'a CoCa, whose image tower ends in attention pooling', has: [/^text_decoder\./] },
  { what: 'a CLIP whose image tower ends in attention pooling', has: [/^visual\.attn_pool\./] },
  {
    what: 'a CLIP with LoRA weights that were not merged into its own',
    has: [/\.(layers|resblocks)\.\d+\..*lora_/],
  },
  {
    what: 'a CLIP in geometric parametrisation (GmP) that was not converted back',
    has: [/\.mlp\.(c_fc|c_proj|fc1|fc2)\.theta$/],
  },
  { what: 'a CLIP with LayerScale, which no published CLIP ViT has', has: [/\.resblocks\.\d+\.ls_[12]\.gamma$/] },
  { what: 'a CLIP with adapters inside of its blocks', has: [/\.(layers|resblocks)\.\d+\.(\w+\.)*\w*adapt\w*\./i] },
];

/** ViTs that people take for DINO's. */
const VITS: readonly Kind[] = [
  { what: 'a DINOv2 or DINOv3 ViT, whose blocks have LayerScale', has: [/(^|\.)blocks\.(\d+\.)+ls1\.gamma$/] },
  { what: 'a DINOv2 or DINOv3 ViT, whose blocks have LayerScale', has: [/(^|\.)layer_scale1\.lambda1$/] },
  { what: "a ViT in Hugging Face's naming", has: [/(^|\.)embeddings\.patch_embeddings\.projection\.weight$/] },
];

/** And where there is no ViT of DINO's naming at all. */
const NO_VITS: readonly Kind[] = [
  ...VITS,
  { what: 'a CLIP', has: [/(^|\.)(visual\.(conv1\.weight|trunk\.)|vision_model\.embeddings\.)/] },
  { what: 'a ResNet', has: [/(^|\.)layer1\.0\.conv1\.weight$/] },
];

/** Enough to know a file by; a hostile one has more. */
const MAX_NAMES = 20_000;
const MAX_NAME = 300;

/** What a file without a whole CLIP ViT is, by the names of its tensors. */
export function otherKind(names: readonly string[]): string | undefined {
  return kindOf(names, KINDS);
}

/** What a whole CLIP is that has parts which change what it computes. */
export function variantOf(names: readonly string[], prefix: string): string | undefined {
  return kindOf(below(names, prefix), VARIANTS);
}

/** What a file is in which a DINO ViT was looked for, and perhaps found behind a prefix, and that is none. */
export function otherVit(names: readonly string[], prefix: string): string | undefined {
  const inside = below(names, prefix);
  return kindOf(inside, inside.includes('patch_embed.proj.weight') ? VITS : NO_VITS);
}

function below(names: readonly string[], prefix: string): string[] {
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

function kindOf(names: readonly string[], kinds: readonly Kind[]): string | undefined {
  const looked = names.slice(0, MAX_NAMES).filter((name) => name.length <= MAX_NAME);
  const some = (pattern: RegExp) => looked.some((name) => pattern.test(name));
  return kinds.find(({ has, lacks = [] }) => has.every(some) && !lacks.some(some))?.what;
}
