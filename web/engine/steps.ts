import type { Step } from '../state/appState.ts';

/** What is used of the library's `ProgressEvent`. */
interface ProgressLike {
  status: string;
  file: string;
  loaded?: number;
  total?: number;
  progress?: number;
}

const NAMES: Record<string, string> = {
  checkpoint: 'Reading the weights',
  'image tower': 'Getting the image tower ready',
  'text tower': 'Getting the text tower ready',
  'text features': 'Encoding class names',
};

/** What is said of an event of the library; undefined for those that say nothing new. */
export function stepOf({ status, file, loaded, total, progress }: ProgressLike): Step | undefined {
  const name = NAMES[file];
  if (name === undefined || status === 'done' || status === 'ready') return undefined;
  if (file === 'checkpoint' && loaded !== undefined && total !== undefined)
    return { text: `${name}, ${megabytes(loaded)} of ${megabytes(total)} MB`, done: loaded / total };
  return { text: name, done: progress === undefined ? undefined : progress / 100 };
}

/** Bytes in megabytes, for people. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
