/** RFCLIP_DEBUG as the environment has it. */
export function debugVariable(): string | undefined {
  return process.env.RFCLIP_DEBUG;
}

/** RFCLIP_ADAPTER_CLASS as the environment has it. */
export function adapterClassVariable(): string | undefined {
  return process.env.RFCLIP_ADAPTER_CLASS;
}
