/** The global variable RFCLIP_DEBUG, which a page may set before it opens a device. */
export function debugVariable(): string | undefined {
  return globalVariable('RFCLIP_DEBUG');
}

/** The global variable RFCLIP_ADAPTER_CLASS, likewise. */
export function adapterClassVariable(): string | undefined {
  return globalVariable('RFCLIP_ADAPTER_CLASS');
}

function globalVariable(name: string): string | undefined {
  const value = (globalThis as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
