import { METHOD_NAMES } from '../../rfclip/methods/index.ts';

/** The methods that need no second model beside CLIP. */
export const CLIP_ONLY_METHODS = METHOD_NAMES.filter((name: string) => name !== 'cass');
