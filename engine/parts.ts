/** What tells debug output which part of a network is being recorded. */
interface PartObserver {
  enter(part: string): void;
  leave(): void;
}

/**
 * Records `body` as a part of a network, such as `layer3` or `addMlp`: RFCLIP_DEBUG names the parts, the outer ones
 * first, before each launch. Without RFCLIP_DEBUG it only calls `body`, which must be synchronous.
 */
export function inPart<Result>(
  device: { readonly debug: PartObserver | undefined },
  part: string,
  body: () => Result,
): Result {
  const { debug } = device;
  if (debug === undefined) return body();
  debug.enter(part);
  try {
    return body();
  } finally {
    debug.leave();
  }
}

/** `inPart` and `Device.scope` in one. */
export function inScopedPart<Result>(
  device: { readonly debug: PartObserver | undefined; scope<Kept>(body: () => Kept): Kept },
  part: string,
  body: () => Result,
): Result {
  return inPart(device, part, () => device.scope(body));
}
