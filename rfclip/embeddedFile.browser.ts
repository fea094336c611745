/** Address of the checkpoint that ships with the package. Bundlers that know this form take the file along. */
export const EMBEDDED_CHECKPOINT = new URL('../clip/weights/microclip.safetensors', import.meta.url).href;

/** Not in a browser: it lies in two files. */
export const PLANTED_CHECKPOINT: string | undefined = undefined;
