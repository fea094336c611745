/**
 * SHA-256 of the checkpoint that ships, as hexadecimal: what results say they were made with. Tests hold it against the
 * file.
 */
export const EMBEDDED_CHECKPOINT_SHA256 = '6b0e0fddd204b5456666567d3b15d2c38bdf6766c8ee6c1f7d0f88c73cf2a594';
