/**
 * Pictures of label maps: colours, overlays, legends, contact sheets, and PNG and JPEG files of them. All but the
 * functions that write files are pure.
 */
export type { LabelMap, RgbImage } from '../clip/image/types.ts';
export { contactSheet, type SheetEntry } from './contactSheet.ts';
export { encodeJpeg } from './encodeJpeg.ts';
export { encodeGrey16Png, encodeGreyPng, encodePalettePng, encodeRgbPng } from './encodePng.ts';
export { drawLegend, legendEntries, type LegendEntry } from './legend.ts';
export { type OverlayOptions, renderOverlay } from './overlay.ts';
export { classPalette, extendPalette, vocPalette } from './palette.ts';
export { resizeLabels } from './resizeLabels.ts';
export { encodeLabelPng } from './encodeLabelPng.ts';
export { writeLabelPng, writeRgbPng } from './writePng.ts';
