/** Made-up pixels of square images, [images, 3, side, side]: the same in every process. */
export function randomImages(images: number, side: number): Float32Array {
  return Float32Array.from({ length: images * 3 * side * side }, (_, i) => Math.sin(i * 0.37));
}
