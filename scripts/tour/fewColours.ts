/** Most colours of a palette PNG. */
const MOST = 256;

/** Colours that occur, with how often. */
interface Counted {
  colour: [number, number, number];
  count: number;
}

/**
 * A picture in at most 256 colours: its own, where it has no more, else the means of boxes of similar ones, by the
 * median cut (Heckbert 1982).
 * @param rgba uint8 [pixels, 4]; alpha is not looked at
 * @returns the palette's index of every pixel, and RGB triples
 */
export function fewColours(rgba: Uint8Array): { indices: Uint8Array; palette: Uint8Array } {
  const pixels = rgba.length / 4;
  const keyOf = (i: number) => (rgba[4 * i] << 16) | (rgba[4 * i + 1] << 8) | rgba[4 * i + 2];
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels; i++) counts.set(keyOf(i), (counts.get(keyOf(i)) ?? 0) + 1);
  const all = [...counts].map<Counted>(([key, count]) => ({ colour: [key >> 16, (key >> 8) & 255, key & 255], count }));
  const boxes = cut(all);
  const palette = Uint8Array.from(boxes.flatMap(mean));
  const indexOf = new Map<number, number>();
  boxes.forEach((box, index) => {
    for (const { colour } of box) indexOf.set((colour[0] << 16) | (colour[1] << 8) | colour[2], index);
  });
  return { indices: Uint8Array.from({ length: pixels }, (_, i) => indexOf.get(keyOf(i))!), palette };
}

/** Splits the box with the widest spread of pixels until there are as many as colours. */
function cut(all: Counted[]): Counted[][] {
  const boxes = [all];
  while (boxes.length < Math.min(MOST, all.length)) {
    const weights = boxes.map((box) => (box.length > 1 ? spread(box).width * Math.sqrt(pixelsOf(box)) : 0));
    const widest = weights.indexOf(Math.max(...weights));
    boxes.push(...halves(boxes.splice(widest, 1)[0]));
  }
  return boxes;
}

function halves(box: Counted[]): Counted[][] {
  const { channel } = spread(box);
  box.sort((a, b) => a.colour[channel] - b.colour[channel]);
  const half = pixelsOf(box) / 2;
  let [at, sum] = [0, 0];
  while (at < box.length - 1 && (at === 0 || sum + box[at].count <= half)) sum += box[at++].count;
  return [box.slice(0, at), box.slice(at)];
}

function spread(box: readonly Counted[]): { channel: number; width: number } {
  const widths = [0, 1, 2].map((channel) => {
    const values = box.map(({ colour }) => colour[channel]);
    return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  });
  const width = Math.max(...widths);
  return { channel: widths.indexOf(width), width };
}

function mean(box: readonly Counted[]): number[] {
  const total = pixelsOf(box);
  return [0, 1, 2].map((c) => Math.round(box.reduce((sum, { colour, count }) => sum + colour[c] * count, 0) / total));
}

function pixelsOf(box: readonly Counted[]): number {
  return box.reduce((sum, { count }) => sum + count, 0);
}
