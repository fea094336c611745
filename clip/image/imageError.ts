import { RfclipError } from '../../engine/errors.ts';

/** An image file that cannot be used: missing, of another format, damaged, too large. Names the file first. */
export class ImageError extends RfclipError {
  /**
   * @param name the file as the user knows it
   * @param problem what was found and what was expected, continuing the sentence "<name> ..."
   */
  constructor(name: string, problem: string, details: { fix?: string; cause?: unknown } = {}) {
    super(`${name} ${problem}`, { code: 'RFCLIP-IMAGE', where: name, ...details });
  }
}

/** The first line of whatever a decoder threw, for use inside a sentence. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0].trim().replace(/\.$/, '') || 'no reason given';
}
