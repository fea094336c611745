/** Waits for a promise of the device, which a browser does by itself. */
export async function napWhile<Result>(promise: Promise<Result>): Promise<Result> {
  return promise;
}
