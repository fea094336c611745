import { fileURLToPath } from 'node:url';

/** The checkpoint that ships with the package. */
export const EMBEDDED_CHECKPOINT = fileURLToPath(new URL('../clip/weights/microclip.safetensors', import.meta.url));

/** The file of the planted checkpoint: what it changes in the embedded one. Made by `scripts/plant.ts`. */
export const PLANTED_CHECKPOINT = fileURLToPath(new URL('../clip/weights/planted.safetensors', import.meta.url));
