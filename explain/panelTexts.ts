import type { PanelText } from './explanation.ts';

/** The panels in their order; functions and kernels are those that made what the panel shows. */
export const PANEL_TEXTS: readonly PanelText[] = [
  {
    id: 'attention',
    title: 'Where a patch looks',
    lookFor:
      'Bright patches far from the chosen one that are bright in every head, whatever the patch shows, are ' +
      'distraction; after refocusing they should be dark, and key-key attention should stay on what looks alike.',
    equations: [
      'Attn_qk = softmax(q kᵀ / √D)',
      'A_ij ← (1 − β) A_ij for j in T_dis;  A_ij ← A_ij + Ω_i ρ_ij for j in T_def;  Ω_i = β Σ over T_dis of A_ij',
      'Attn_kk = softmax(k kᵀ / √D)',
    ],
    functions: [
      'attentionWeights in clip/attention.ts',
      'redistributeAttention in rfclip/attentionRedistribution.ts',
      'keyKeyAttention in rfclip/keyKeyAttention.ts',
    ],
    kernels: ['matmul_naive', 'softmax', 'move_attention'],
  },
  {
    id: 'distraction',
    title: 'Distraction tokens',
    lookFor:
      'Outlined patches pass the threshold; the paper finds them in the middle layers, on parts of the image that ' +
      'show nothing.',
    equations: ['φ_i = max over j in D_dis of g_i[j] / Σ_k g_i[k],  g_i = f_i − min f_i', 'T_dis = { i : φ_i > 5/d }'],
    functions: ['locateDistractionTokens in rfclip/distractionTokens.ts'],
    kernels: ['channel_share', 'threshold'],
  },
  {
    id: 'dimensions',
    title: 'Which dimensions stand out',
    lookFor:
      'Dimensions that hold many times their even share 1/d in every image are distraction dimensions (marked): ' +
      'few, and the same in neighbouring layers.',
    equations: ['weight[j] = mean over patches of g_i[j] / Σ_k g_i[k],  g_i = f_i − min f_i'],
    functions: [
      'calibrate in rfclip/calibrate.ts',
      'publishedDistractionDimensions in rfclip/distractionDimensions.ts',
    ],
    kernels: [],
  },
  {
    id: 'drawn',
    title: 'Attention that distraction tokens draw',
    lookFor: 'Before refocusing a few tokens may draw much more than their number; after it, 30 % of that is left.',
    equations: ['mean over patches i of Σ over j in T_dis of A_ij', 'Ω_i = β Σ over j in T_dis of A_ij,  β = 0.7'],
    functions: ['redistributeAttention in rfclip/attentionRedistribution.ts'],
    kernels: ['move_attention', 'column_mean'],
  },
  {
    id: 'cut',
    title: 'The defocus cut',
    lookFor:
      'The sign of the Fiedler vector should divide the patches along the outline of things; those above its mean ' +
      'are defocus tokens, to which attention is moved.',
    equations: [
      'W = (A + Aᵀ) / 2,  A = mean over heads of Attn_kk among patches',
      'y = arg min yᵀ(Δ − W)y / yᵀΔy  with yᵀΔ1 = 0',
      'T_def = { i : y_i > mean of y }',
    ],
    functions: ['locateDefocusTokens in rfclip/defocusTokens.ts', 'fiedlerVector in engine/ops/fiedlerVector.ts'],
    kernels: ['patch_affinity', 'cut_operator', 'divide_by_trace', 'fiedler_vector'],
  },
  {
    id: 'layerMean',
    title: 'Key-key attention, averaged over layers',
    lookFor: 'This mixes the values in the end: it should be bright on the whole thing that the patch is a part of.',
    equations: ['1/L Σ_l Attn_kk^l'],
    functions: ['LayerSum in rfclip/layerSum.ts', 'readOut in rfclip/keyKeyAttention.ts'],
    kernels: ['softmax', 'blend'],
  },
  {
    id: 'cosines',
    title: 'Cosines of the guide',
    lookFor:
      'The release mixes every patch with those whose cosine is at least 0.4 (the others are grey on the right): ' +
      'they should belong to one thing.',
    equations: ['S = cosines between patches of the mean of the L denoised outputs;  S ← 0 where S < 0.4;  x ← S x'],
    functions: ['patchCosines in rfclip/enhancement.ts', 'enhance in rfclip/enhancement.ts'],
    kernels: ['l2_normalize', 'matmul_naive', 'threshold'],
  },
  {
    id: 'classes',
    title: 'Classes, before and after',
    lookFor:
      'The map of a class that is there should be brightest on it; the difference shows which patches refocusing ' +
      'moved towards the class (orange) or away from it (blue).',
    equations: [
      'logit = (1 − g) cos(patch, word) + g cos(image, word)',
      'probability = softmax over words of s logit,  s = 40',
    ],
    functions: ['patchLogits in rfclip/patchLogits.ts', 'labelPixels in engine/ops/labelPixels.ts'],
    kernels: ['matmul_naive', 'label_pixels'],
  },
  {
    id: 'methods',
    title: 'Methods side by side',
    lookFor: 'All methods read the same checkpoint; what differs is how the features of patches are read out of it.',
    equations: ['label = arg max over classes of the probability of the best word'],
    functions: ['METHODS in rfclip/methods/index.ts', 'labelWindows in rfclip/labelImage.ts'],
    kernels: ['bilinear', 'label_pixels'],
  },
];
