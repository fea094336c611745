import { RfclipError } from '../../engine/errors.ts';

/** An archive that cannot be used: damaged, cut off, of another kind, or with entries that are refused. */
export class ArchiveError extends RfclipError {
  constructor(archive: string, problem: string, options: { cause?: unknown; fix?: string } = {}) {
    super(`the archive ${archive} cannot be used: ${problem}`, { code: 'RFCLIP-ARCHIVE', where: archive, ...options });
  }
}
