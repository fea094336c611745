/** A method of one's own beside plain CLIP. From a checkout: `npx tsx examples/ownMethod.ts`. */
import { defineMethod, Model } from 'rfclip';
import {
  attentionValues,
  attentionWeights,
  type AttentionPolicy,
  clsTokens,
  patchTokens,
  queryKeyAttention,
} from 'rfclip/clip';
import { NO_IMAGE_SEMANTICS, plainClip } from 'rfclip/rfclip';

// Patches with similar values show the same, so let them attend to each other: softmax(v v^T / sqrt(D)) v.
const valueValue: AttentionPolicy = (qkv) => attentionValues(attentionWeights(qkv, 'value', 'value'), qkv); // [B, T, C]

const own = defineMethod({
  name: 'value-value',
  summary: 'last two blocks: value-value attention',
  source: 'this example',
  needs: {},
  family: 'rfclip', // on a benchmark: RF-CLIP's published settings,
  overrides: NO_IMAGE_SEMANTICS, // changed by these
  defaults: {}, // elsewhere: DEFAULT_SETTINGS, changed by these
  make: () => ({
    // images [B, 3, H, W]
    encode: (encoder, images) =>
      encoder.device.scope(() => {
        const layers = encoder.blocks.length;
        // Every layer has to answer; queryKeyAttention leaves it as it is.
        const attention = (layer: number) => (layer >= layers - 2 ? valueValue : queryKeyAttention);
        const x = encoder.runBlocks(encoder.begin(images), 0, layers, { attention }); // [B, T, C], CLS before patches
        const tokens = encoder.project(x); // [B, T, E], where words are too
        return { patches: patchTokens(tokens), cls: clsTokens(tokens) }; // [B, N, E], [B, E]
      }),
    // [B, E]: the changed CLS was not trained to match words, that of plain CLIP was.
    encodeClass: plainClip.encodeClass,
  }),
});

const model = await Model.open();
for (const method of [own, 'clip'] as const) {
  const segmenter = await model.segmenter('horse, moon, soil', { method });
  const { classes } = await segmenter.segment(new URL('scenes/scene_0025.jpg', import.meta.url));
  console.log(segmenter.method, classes.map(({ name, share }) => `${name} ${(100 * share).toFixed(1)} %`).join(', '));
}
model.close();
