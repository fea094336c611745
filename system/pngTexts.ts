/** Of a text chunk with the name of the program, by the PNG specification (11.3.4.2). */
export const SOFTWARE = { keyword: 'Software', text: 'rfclip' } as const;

/** Keyword of a text with the CRC-32 of the stored pixels, because programs that edit a picture may keep its texts. */
export const PIXELS = 'rfclip-pixels';

/** As `PIXELS` has it: eight hexadecimal digits. */
export function formatPixelsCrc(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
