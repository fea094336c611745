import type { DinoEncoder } from '../../clip/dino/index.ts';
import { type DenseEncoder, findMethod, makeMethod, METHODS, type MethodName } from '../../rfclip/methods/index.ts';
import type { Method } from '../../rfclip/methods/index.ts';
import { settingsOf } from '../../rfclip/settings.ts';

/** The methods that need no second model beside CLIP. */
export const CLIP_ONLY_METHODS: readonly MethodName[] = METHODS.filter(({ needs }: Method) => needs.dino !== true).map(
  ({ name }) => name,
);

/** A method with its own settings. */
export function publishedMethod(
  name: MethodName,
  distractionDimensions: readonly number[] = [],
  dino?: DinoEncoder,
): DenseEncoder {
  const method = findMethod(name);
  return makeMethod(method, { distractionDimensions, dino, settings: settingsOf(method) });
}
