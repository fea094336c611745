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
import { plainClip } from 'rfclip/rfclip';

// Patches with similar queries ask for the same, so let them attend to each other: softmax(q q^T / sqrt(D)) v.
const queryQuery: AttentionPolicy = (qkv) => attentionValues(attentionWeights(qkv, 'query', 'query'), qkv); // [B, T, C]

const own = defineMethod({
  name: 'query-query',
  summary: 'last block: query-query attention',
  source: 'this example',
  needs: {},
  family: 'rfclip', // whose published settings it would be evaluated with
  defaults: {}, // what it changes in DEFAULT_SETTINGS
  make: () => ({
    encode: (encoder, images) =>
      encoder.device.scope(() => {
        const layers = encoder.blocks.length;
        const attention = (layer: number) => (layer === layers - 1 ? queryQuery : queryKeyAttention);
        const x = encoder.runBlocks(encoder.begin(images), 0, layers, { attention }); // [B, T, C], CLS before patches
        const tokens = encoder.project(x); // [B, T, E], where words are too
        return { patches: patchTokens(tokens), cls: clsTokens(tokens) };
      }),
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
