/** Tensors that are read whole for a tower, by OpenAI's names; of the token embedding only rows are read. */
export const TOWERS = {
  'image tower': /^visual\./,
  'text tower': /^(positional_embedding|text_projection|transformer\..*|ln_final\..*)$/,
};

/** The same for a DINO ViT, by its own names. */
export const DINO_TENSORS = /^(cls_token|pos_embed|patch_embed\.|blocks\.)/;
