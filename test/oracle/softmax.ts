/**
 * `exp(scale x[r][j]) / sum over j of exp(scale x[r][j])` over the visible columns, 0 for the others. With `causal`,
 * row r sees columns 0 to r mod width. Source: the causal mask is CLIP's `build_attention_mask` (-infinity above the
 * diagonal).
 */
export function softmaxOracle(x: ArrayLike<number>, width: number, scale = 1, causal = false): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length / width; row++) {
    const visible = causal ? (row % width) + 1 : width;
    const logits = Array.from({ length: visible }, (_, j) => scale * x[row * width + j]);
    const largest = Math.max(...logits);
    const weights = logits.map((logit) => Math.exp(logit - largest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    weights.forEach((weight, j) => (y[row * width + j] = weight / total));
  }
  return y;
}
