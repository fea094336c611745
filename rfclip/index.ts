export { calibrate, type Calibration } from './calibrate.ts';
export { type ClassList, ClassListError, makeClassList, parseClassesFile, parseClassList } from './classes.ts';
export type { LabelOutputs, Segmentation } from './labelImage.ts';
export { DEFAULT_RESIZE, EMBEDDED_CHECKPOINT, Model, type ModelOptions, prepareImage } from './model.ts';
export { type NormalisedImage, Segmenter } from './segmenter.ts';
export { PAMR_DEFAULTS, SEGMENTER_DEFAULTS, type SegmenterOptions, SEMANTICS_DEFAULTS } from './segmenterOptions.ts';
export * from './methods/index.ts';
