/**
 * rfclip as a library: open a model, name classes, segment images.
 *
 * ```ts
 * import { Model } from 'rfclip';
 * const model = await Model.open();
 * const segmenter = await model.segmenter('cat, dog; puppy, grass');
 * const result = await segmenter.segment('photo.jpg');
 * console.log(result.classes);
 * await result.save('out/photo');
 * ```
 *
 * What it is made of has entries of its own: `rfclip/engine` (tensors and ops), `rfclip/clip`, `rfclip/rfclip` (methods
 * and the pipeline), `rfclip/tokenizer`, `rfclip/pictures`, `rfclip/weights`, `rfclip/datasets`, `rfclip/evaluation`,
 * `rfclip/conformance`.
 */
export * from './library/index.ts';
export { DeviceError, RfclipError, ShapeError } from './engine/errors.ts';
export { CheckpointError } from './clip/checkpoint/checkpointFile.ts';
export type { ClipConfig } from './clip/config.ts';
export { ImageError } from './clip/image/imageError.ts';
export { makeTemplateSet, type TemplateSet, templateSets } from './clip/promptTemplates.ts';
export type { OverlayOptions } from './pictures/overlay.ts';
export { type ClassList, ClassListError } from './rfclip/classes.ts';
export { defineMethod, type Method, METHOD_NAMES, type MethodName } from './rfclip/methods/index.ts';
export { DEFAULT_SETTINGS, SETTING_LIMITS, type Settings, SettingsError } from './rfclip/settings.ts';
export { OutputError } from './system/outputError.ts';
export { TokenizerError } from './tokenizer/index.ts';
export { DownloadError } from './weights/downloadError.ts';
