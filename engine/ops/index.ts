export { accumulateWindows, type WindowPlacement } from './accumulateWindows.ts';
export { assignColumns, type Assignment } from './assignColumns.ts';
export { bicubic } from './bicubic.ts';
export { bilinear, bilinearInputRows, type BilinearBand } from './bilinear.ts';
export { add, blend, scale } from './blend.ts';
export { boxAverage } from './boxAverage.ts';
export { channelAffine } from './channelAffine.ts';
export { channelShare } from './channelShare.ts';
export { columnMean } from './columnMean.ts';
export { compareLabels } from './compareLabels.ts';
export { concatColumns, sliceColumns } from './columns.ts';
export { type Blocks, copyBlocks } from './copyBlocks.ts';
export { cropWindows, type WindowCrop } from './cropWindows.ts';
export { denoiseTokens, type DenoisedTokens, type DenoiseTokensOptions } from './denoiseTokens.ts';
export { divideByTrace, fiedlerVector, type FiedlerVector, patchAffinity } from './fiedlerVector.ts';
export { embedTokens, type EmbeddedTokens } from './embedTokens.ts';
export { type CellFilter, filterCells } from './filterCells.ts';
export { flashAttention, type FlashAttentionOptions } from './flashAttention.ts';
export { gatherRows } from './gatherRows.ts';
export { type HierarchicalPrompt, hierarchicalPrompt, type HierarchicalPromptInputs } from './hierarchicalPrompt.ts';
export { keepSimilar } from './keepSimilar.ts';
export { l2Normalize } from './l2Normalize.ts';
export { labelPixels, type PixelLabels } from './labelPixels.ts';
export { labelResized, type LabelResizedOptions } from './labelResized.ts';
export { layerNorm, LAYER_NORM_EPSILON, layerNormOfMean, type LayerNormOptions } from './layerNorm.ts';
export { lowRankFactor } from './lowRankFactor.ts';
export { maskedSelect } from './maskedSelect.ts';
export { matchRange } from './matchRange.ts';
export { type Activation, matmul, type MatmulEpilogue, matmulViews, stridedMatmul } from './matmul.ts';
export {
  columnBlocks,
  contiguousView,
  dropFirst,
  innerRange,
  type Matrices,
  matricesOf,
  type MatmulSizes,
  type MatrixView,
  outerRange,
} from './matrixViews.ts';
export { moveAttention } from './moveAttention.ts';
export { normalisePixels, packBytes } from './normalisePixels.ts';
export { orthogonalizeColumns, type OrthogonalColumns } from './orthogonalizeColumns.ts';
export { pamrAffinity, pamrStep } from './pamr.ts';
export { prependRow } from './prependRow.ts';
export { redistributeColumns } from './redistributeColumns.ts';
export { repairChannels } from './repairChannels.ts';
export { type AxisWeights, resizeLevels } from './resizeLevels.ts';
export { rowNorm } from './rowNorm.ts';
export { rowReduce, type RowReduction } from './rowReduce.ts';
export { softmax, type SoftmaxOptions } from './softmax.ts';
export { softmaxScores } from './softmaxScores.ts';
export { spectrumDistance } from './spectrumDistance.ts';
export { stack } from './stack.ts';
export { greaterThan, zeroBelow } from './threshold.ts';
export { topValues, type TopValues } from './topValues.ts';
export { unfoldPatches } from './unfoldPatches.ts';
export { weightedMean } from './weightedMean.ts';
export { zeroDiagonal } from './zeroDiagonal.ts';
