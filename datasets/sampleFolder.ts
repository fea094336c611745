import { fileURLToPath } from 'node:url';

/** The small data set that ships with the package, in VOC layout: 40 composed scenes of 52 classes with exact masks. */
export const SAMPLE_FOLDER = fileURLToPath(new URL('./sample', import.meta.url));
