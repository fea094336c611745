/** More pixels than a screen shows take time and memory only. */
const MOST_PIXELS = 1.5e6;

/** Size at which a picture is painted: its own, or a smaller one of the same shape. */
export function shownSize(width: number, height: number, most = MOST_PIXELS): { width: number; height: number } {
  const scale = Math.min(1, Math.sqrt(most / (width * height)));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
