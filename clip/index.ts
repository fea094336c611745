export {
  CheckpointError,
  type CheckpointFile,
  type StoredDType,
  type StoredTensor,
} from './checkpoint/checkpointFile.ts';
export { chooseActivation } from './checkpoint/activation.ts';
export { openCheckpoint, openRawCheckpoint } from './checkpoint/openCheckpoint.ts';
export { openSafetensors } from './checkpoint/safetensors.ts';
export { type ClipConfig, describeConfig, inferConfig, type TransformerConfig } from './config.ts';
export {
  attend,
  type AttendOptions,
  attentionValues,
  attentionWeights,
  headProducts,
  headsOfPart,
  mixHeads,
  type Qkv,
  type QkvPart,
  qkvPart,
} from './attention.ts';
export { clsTokens, patchPairs, patchPart, patchRows, patchTokens } from './tokens.ts';
export { type BlockHooks, ImageEncoder } from './imageEncoder.ts';
export { TextEncoder } from './textEncoder.ts';
export {
  addMlp,
  type AttentionPolicy,
  type BlockInput,
  firstNorm,
  type NormalisedStream,
  projectKeyValue,
  projectOut,
  projectQkv,
  queryKeyAttention,
  streamOf,
  transformerBlock,
} from './transformerBlock.ts';
export type { PatchGrid } from './positions.ts';
export type { DecodedImage, LabelMap, RgbImage } from './image/types.ts';
export { decodeImage } from './image/decodeImage.ts';
export { readImage } from './image/readImage.ts';
export { readLabelMap } from './image/readLabelMap.ts';
export { clipPreprocess, normaliseForDense } from './preprocess.ts';
export { applyTemplates, makeTemplateSet, type TemplateSet, templateSets } from './promptTemplates.ts';
