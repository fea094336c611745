/** Milliseconds slept per turn of the event loop: the most that a result can be late. */
const NAP = 0.5;

const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits for a promise of Dawn while sleeping most of each turn of the event loop. While such a promise is pending,
 * `webgpu` asks Dawn for news in every turn, without a pause: one core spins. On a CPU adapter that core is half of the
 * GPU, so there the wait is worth shortening (1.6 times the rate of matrix products on two cores); on a real GPU it is
 * not, and nothing is awaited this way.
 */
export async function napWhile<Result>(promise: Promise<Result>): Promise<Result> {
  let pending = true;
  const turn = () => {
    if (!pending) return;
    Atomics.wait(never, 0, 0, NAP);
    setImmediate(turn);
  };
  setImmediate(turn);
  try {
    return await promise;
  } finally {
    pending = false;
  }
}
