export { calibrate, type Calibration } from './calibrate.ts';
export { type ClassList, ClassListError, makeClassList, parseClassesFile, parseClassList } from './classes.ts';
export type { LabelOutputs, Segmentation } from './labelImage.ts';
export { EMBEDDED_CHECKPOINT, ClipModel } from './clipModel.ts';
export type { ClipModelOptions } from './clipModelOptions.ts';
export { type NormalisedImage, prepareImage } from './prepareImage.ts';
export { SegmentationPipeline, type SegmentationPipelineParts } from './segmentationPipeline.ts';
export {
  DEFAULT_SETTINGS,
  IMAGE_SEMANTICS,
  NO_IMAGE_SEMANTICS,
  PAMR_STEPS,
  SETTING_LIMITS,
  type Settings,
  SettingsError,
  settingsOf,
} from './settings.ts';
export * from './methods/index.ts';
export { isMethodPath, loadMethodModule, type MethodModule } from './methods/methodModule.ts';
