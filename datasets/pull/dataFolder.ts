import { join } from 'node:path';
import { cacheRoot } from '../../clip/textFeatureCache.ts';

/** Where data sets go that nobody named a folder for; RFCLIP_CACHE_DIR moves it with all other caches. */
export function dataFolder(): string {
  return join(cacheRoot(), 'data');
}
