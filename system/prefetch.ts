/** How loading an item ended. */
export type Loaded<Value> = { value: Value } | { error: unknown };

/**
 * Loads items ahead of their use: while one is worked on, the next `depth` are on their way. In the order of the items.
 * A failure is handed over with its item and does not end the others.
 *
 * @param depth items in flight besides the one in use, at least 1
 */
export async function* prefetch<Item, Value>(
  items: readonly Item[],
  depth: number,
  load: (item: Item) => Promise<Value>,
): AsyncGenerator<{ item: Item; loaded: Loaded<Value>; waited: number }> {
  const inFlight: Promise<Loaded<Value>>[] = [];
  const start = (item: Item) =>
    inFlight.push(
      load(item).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
    );
  for (const item of items.slice(0, depth)) start(item);
  for (const [index, item] of items.entries()) {
    if (index + depth < items.length) start(items[index + depth]);
    const asked = performance.now();
    const loaded = await inFlight.shift()!;
    yield { item, loaded, waited: performance.now() - asked };
  }
}
