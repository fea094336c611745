/** The methods that the playground offers: all that need no second checkpoint. */
export async function offeredMethods() {
  const { METHODS } = await import(new URL('../../dist/rfclip/methods/index.js', import.meta.url).href);
  return METHODS.filter((/** @type {any} */ { needs }) => needs.dino !== true).map(
    (/** @type {any} */ { name, summary, source }) => ({ name, summary, source }),
  );
}
