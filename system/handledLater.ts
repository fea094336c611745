/** A promise that begins now and is awaited in its turn: until then, that it failed is nobody's mistake. */
export function handledLater<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
