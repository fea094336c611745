const COEFFICIENTS = 64;

/**
 * Keeps account of which coefficients of which component the scans seen so far have brought to full precision. Only so
 * can a progressive file cut between two scans be told from one that lacks nothing but its end marker: libjpeg sees
 * nothing amiss in either (ITU T.81, G.1.1.1).
 */
export class ScanAccount {
  /**
   * Per component selector: the number of low bits still missing of each coefficient; -1 where nothing was coded yet.
   */
  private readonly missingBits = new Map<number, Int8Array>();

  /** @param header the scan header from its component count on (T.81, B.2.3) */
  add(header: Uint8Array): void {
    const count = header[0];
    if (header.length < 4 + 2 * count) return;
    const [from, to, approximation] = header.subarray(1 + 2 * count);
    for (let i = 0; i < count; i++) {
      const selector = header[1 + 2 * i];
      let missing = this.missingBits.get(selector);
      if (missing === undefined) this.missingBits.set(selector, (missing = new Int8Array(COEFFICIENTS).fill(-1)));
      missing.fill(approximation & 15, from, to + 1);
    }
  }

  /** Whether all coefficients of that many components are complete. */
  isComplete(components: number): boolean {
    const accounts = [...this.missingBits.values()];
    return accounts.length >= components && accounts.every((missing) => missing.every((bits) => bits === 0));
  }
}
