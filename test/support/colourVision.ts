/** How a colour is seen: its name, and the matrix over linear sRGB, rows first. */
type Sight = readonly [name: string, matrix: readonly number[]];

/**
 * Normal sight, and the three kinds of dichromacy as Machado, Oliveira and Fernandes simulate them ("A
 * Physiologically-based Model for Simulation of Color Vision Deficiency", 2009, severity 1.0).
 */
const SIGHTS: readonly Sight[] = [
  ['normal', [1, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['protanopia', [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998]],
  ['deuteranopia', [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881]],
  ['tritanopia', [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039]],
];

/**
 * Least CIELAB distance (CIE 1976, D65) between any two of some colours, for the sight that tells them apart worst.
 * A distance of 2.3 is just noticed side by side.
 *
 * @param colours sRGB, 0..255
 * @param sights names; default: all
 */
export function leastDistance(
  colours: readonly (readonly number[])[],
  sights: readonly string[] = SIGHTS.map(([name]) => name),
): number {
  let least = Infinity;
  for (const [, matrix] of SIGHTS.filter(([name]) => sights.includes(name))) {
    const seen = colours.map((colour) => lab(multiply(matrix, colour.map(linear))));
    seen.forEach((one, index) => {
      for (const other of seen.slice(0, index))
        least = Math.min(least, Math.hypot(...one.map((value, axis) => value - other[axis])));
    });
  }
  return least;
}

function linear(level: number): number {
  const value = level / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function multiply(matrix: readonly number[], [red, green, blue]: readonly number[]): number[] {
  return [0, 3, 6].map((row) => {
    const value = matrix[row] * red + matrix[row + 1] * green + matrix[row + 2] * blue;
    return Math.min(1, Math.max(0, value));
  });
}

function lab([red, green, blue]: readonly number[]): number[] {
  const x = curve((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047);
  const y = curve(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
  const z = curve((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function curve(value: number): number {
  return value > 216 / 24389 ? Math.cbrt(value) : ((24389 / 27) * value + 16) / 116;
}
