/**
 * rfclip as a library: open a device, open a model, make a segmenter for a class list, segment images.
 *
 * ```ts
 * const device = await Device.create();
 * const model = Model.open({ device });
 * const segmenter = await model.segmenter(parseClassList('cat, dog; puppy, grass'), 'rfclip', {
 *   ...SEGMENTER_DEFAULTS,
 *   semantics: SEMANTICS_DEFAULTS,
 * });
 * const image = await readImage('photo.jpg');
 * const { labels, confidence } = await segmenter.segment(prepareImage(image), image.height, image.width);
 * device.destroy();
 * ```
 */
export { Device, type DeviceOptions, DeviceError, RfclipError, ShapeError, Tensor } from './engine/index.ts';
export { readImage, readLabelMap, type RgbImage, CheckpointError, templateSets } from './clip/index.ts';
export * from './rfclip/index.ts';
