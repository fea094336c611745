/**
 * A method in a file of its own, for `--method`. From a checkout:
 * `npm run rfclip -- segment examples/scenes/scene_0025.jpg --classes "horse, moon, soil" --method ./examples/method.mjs`
 */
import { defineMethod } from 'rfclip';
import { attentionValues, attentionWeights } from 'rfclip/clip';
import { lastBlockEncoder, NO_IMAGE_SEMANTICS } from 'rfclip/rfclip';

export default defineMethod({
  name: 'value-value-last',
  summary: 'last block: value-value attention, no residual, no MLP',
  source: 'this example',
  needs: {},
  family: 'rfclip', // on a benchmark: RF-CLIP's published settings,
  overrides: NO_IMAGE_SEMANTICS, // changed by these
  defaults: {}, // elsewhere: DEFAULT_SETTINGS, changed by these
  make: () =>
    lastBlockEncoder({
      attention: (qkv) => attentionValues(attentionWeights(qkv, 'value', 'value'), qkv), // [B, T, C]
      architecture: 'reduced',
    }),
});
