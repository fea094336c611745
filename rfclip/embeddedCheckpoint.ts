import { fileURLToPath } from 'node:url';

/**
 * SHA-256 of the checkpoint that ships, as hexadecimal: what results say they were made with. Tests hold it against the
 * file.
 */
export const EMBEDDED_CHECKPOINT_SHA256 = '8b086816fd4b34f6dbf5f2601e03f0018d7a4b017d044d68bd0a17d9eb16ee94';

/** The file of the planted checkpoint: what it changes in the embedded one. Made by `scripts/plant.ts`. */
export const PLANTED_CHECKPOINT = fileURLToPath(new URL('../clip/weights/planted.safetensors', import.meta.url));

/** SHA-256 of the planted checkpoint, as results say it: that of the SHA-256s of both its files (`openDelta`). */
export const PLANTED_CHECKPOINT_SHA256 = '63d94b8c3ac615250e834def35ca01ef6b3a0300acb3961a209be0f5ecc43b29';
