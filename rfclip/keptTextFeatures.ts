import type { TextFeatureCache } from '../clip/textFeatureCache.ts';

/** What `encodeWords` needs of a cache. */
export type WordFeatures = Pick<TextFeatureCache, 'get' | 'put'>;

/** Text features kept in memory, where there is no disk: a word takes about 2 KB, and seconds to be encoded. */
export function keepTextFeatures(): WordFeatures {
  const kept = new Map<string, Float32Array>();
  return {
    get(words) {
      const found = new Map<string, Float32Array>();
      for (const word of words) {
        const feature = kept.get(word);
        if (feature !== undefined) found.set(word, feature);
      }
      return found;
    },
    put(entries) {
      // A NaN from a bad driver must not outlive the call.
      for (const [word, feature] of entries) if (feature.every(Number.isFinite)) kept.set(word, feature);
    },
  };
}
