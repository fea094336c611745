/** Address of the checkpoint that ships with the package. Bundlers that know this form take the file along. */
export const EMBEDDED_CHECKPOINT = new URL('../clip/weights/microclip.safetensors', import.meta.url).href;

/** Address of what the planted checkpoint changes in it. */
export const PLANTED_CHECKPOINT = new URL('../clip/weights/planted.safetensors', import.meta.url).href;
