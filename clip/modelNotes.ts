import { chooseActivation } from './checkpoint/activation.ts';
import type { CheckpointFile, ClipActivation } from './checkpoint/checkpointFile.ts';
import { summarizeLeftOut } from './checkpoint/leftOut.ts';
import { showPrefix } from './checkpoint/naming/subtree.ts';
import { clipHeads, type ConfigHints } from './config.ts';
import { dinoHeads } from './dino/index.ts';
import { basename } from '../system/platform.ts';

/** Characters of a file's own note that are shown. */
const MOST_NOTE = 400;

/**
 * What was decided about a CLIP checkpoint that its user may want to know: what the file itself says of its weights,
 * which part of it was taken and what was left out, the activation, and heads that were assumed. Each is a line that
 * begins with the file's name.
 * @throws CheckpointError as `inferConfig`
 */
export function clipNotes(file: CheckpointFile, hints: ConfigHints = {}): string[] {
  const { activation, reason, assumed } = chooseActivation(file, hints.activation);
  const { vision, text } = clipHeads(file, hints);
  const activationNote =
    assumed === true
      ? `activation ${activationName(activation)} is assumed (${reason}); --activation chooses`
      : `activation ${activationName(activation)} (${reason})`;
  return [
    ...fileNotes(file),
    ...selectionNotes(file, 'CLIP', '--prefix'),
    ...naming(file, [
      activationNote,
      ...headsNote('image tower', vision.assumed),
      ...headsNote('text tower', text.assumed),
    ]),
  ];
}

/** What a file says of its weights to those who use them, in one line: `rfclip_note` of its metadata, mostly absent. */
export function ownNote({ metadata }: CheckpointFile): string[] {
  const note = metadata.rfclip_note?.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return note === undefined || note === '' ? [] : [note.slice(0, MOST_NOTE)];
}

/** What a file says of its weights, as a note; mostly nothing. */
export function fileNotes(file: CheckpointFile): string[] {
  return naming(file, ownNote(file));
}

/** The notes of a DINO checkpoint. @throws CheckpointError as `inferDinoConfig` */
export function dinoNotes(file: CheckpointFile): string[] {
  return [
    ...selectionNotes(file, 'DINO ViT', '--dino-prefix'),
    ...naming(file, headsNote('DINO ViT', dinoHeads(file).assumed)),
  ];
}

/**
 * Which part of a file was taken, where it holds more than that.
 * @param kind what was looked for
 * @param option by which a user chooses another
 */
export function selectionNotes(file: CheckpointFile, kind: string, option: string): string[] {
  const { prefix = '', leftOut = [], others = [] } = file.selection ?? {};
  const notes: string[] = [];
  if (others.length > 0)
    notes.push(
      `the ${kind} under ${showPrefix(prefix)} is taken; ${option} takes the one under ` +
        others.map(showPrefix).join(' or '),
    );
  if (leftOut.length > 0) {
    const taken = others.length > 0 || prefix === '' ? '' : `the ${kind} under ${showPrefix(prefix)} is taken; `;
    notes.push(`${taken}left out: ${summarizeLeftOut(prefix, leftOut)}`);
  }
  return naming(file, notes);
}

/** `QuickGELU` or `GELU`, for people. */
export function activationName(activation: ClipActivation): string {
  return activation === 'quickGelu' ? 'QuickGELU' : 'GELU';
}

function headsNote(what: string, assumed: string | undefined): string[] {
  return assumed === undefined ? [] : [`heads of the ${what} are assumed: ${assumed}`];
}

function naming({ path }: CheckpointFile, notes: readonly string[]): string[] {
  return notes.map((note) => `${basename(path)}: ${note}`);
}
