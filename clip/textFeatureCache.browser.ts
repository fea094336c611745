/** Whether there is a disk. */
export const CAN_CACHE_TEXT = false;

/** Never called: there is no disk. */
export function openTextFeatureCache(): undefined {}
