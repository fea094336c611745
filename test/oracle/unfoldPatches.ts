/**
 * Every patch of an image as one row: `y[b][gy gridWidth + gx][(channel p + py) p + px] = image[b][channel][gy p +
 * py][gx p + px]`. What does not fill a patch at the right and bottom is cut off. Source:
 * `torch.nn.functional.unfold(image, kernel_size=p, stride=p).transpose(1, 2)`.
 *
 * @param shape [batch, channels, height, width].
 */
export function unfoldPatchesOracle(
  image: ArrayLike<number>,
  [batch, channels, height, width]: readonly number[],
  patch: number,
): number[] {
  const result: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let top = 0; top + patch <= height; top += patch) {
      for (let left = 0; left + patch <= width; left += patch) {
        for (let channel = 0; channel < channels; channel++) {
          for (let y = top; y < top + patch; y++) {
            for (let x = left; x < left + patch; x++)
              result.push(image[((b * channels + channel) * height + y) * width + x]);
          }
        }
      }
    }
  }
  return result;
}
