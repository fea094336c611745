import type { MethodName } from '../rfclip/methods/index.ts';

/** What an explanation sets side by side unless somebody says otherwise. */
export const EXPLAINED_METHODS: readonly string[] = ['rfclip', 'rfclip-paper', 'clip'] satisfies MethodName[];
