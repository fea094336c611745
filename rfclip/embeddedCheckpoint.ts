export { PLANTED_CHECKPOINT } from './embeddedFile.ts';

/**
 * SHA-256 of the checkpoint that ships, as hexadecimal: what results say they were made with. Tests hold it against the
 * file.
 */
export const EMBEDDED_CHECKPOINT_SHA256 = '8b086816fd4b34f6dbf5f2601e03f0018d7a4b017d044d68bd0a17d9eb16ee94';

/** What reports say of results that were made with the planted checkpoint. */
export const PLANTED_REMARK =
  'the distraction tokens of this checkpoint are planted: figures show the mechanism, not the merit of a method';

/** SHA-256 of the planted checkpoint, as results say it: that of the SHA-256s of both its files (`openDelta`). */
export const PLANTED_CHECKPOINT_SHA256 = 'ac80b7592158c667ea4d502b64739c7985210bef9358fce4b47be784dc465e95';
