// label_pixels: softmax over all queries, per class the maximum over its queries, the class with the largest maximum
//
//   p[q] = exp(scale (x[q] - max)) / sum;   P[k] = max over q of class k of p[q];   label = argmax P, 0 if P < threshold
// Synonyms are merged by the maximum, not the sum, so the P do not add up to 1 (published RF-CLIP postprocessing).
//
// shapes   x [pixels, queries]; class_of [queries] u32, not decreasing; labels [pixels] u32; best [pixels]: P of the
//          label before thresholding; probabilities [pixels, classes] when WRITE_PROBABILITIES; allowed [classes]: with
//          USE_ALLOWED, classes with 0 here get P = 0
// thread   one pixel; its queries are contiguous
// cost     4 FLOP and an exponential a query, 12 bytes a query
// numerics the maximum is subtracted first; the first class wins a tie, as torch.argmax on the CPU; scale must not be
//          negative, so that the largest logit of a class has its largest probability

const WRITE_PROBABILITIES: bool = false;
const USE_ALLOWED: bool = false;

struct Params { pixels: u32, queries: u32, classes: u32, scale: f32, threshold: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> class_of: array<u32>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> best: array<f32>;
@group(0) @binding(5) var<storage, read_write> probabilities: array<f32>;
@group(0) @binding(6) var<storage, read> allowed: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let pixel = (group.y * groups.x + group.x) * 64u + thread;
  if (pixel >= params.pixels) { return; }
  let base = pixel * params.queries;
  var largest = -3.4028234e38;
  for (var q = 0u; q < params.queries; q++) { largest = max(largest, x[base + q]); }
  var sum = 0.0;
  for (var q = 0u; q < params.queries; q++) { sum += exp(params.scale * (x[base + q] - largest)); }

  // exp never decreases, so a class whose best logit is no larger than the winner's cannot win: its exponential is
  // only needed where all probabilities are asked for.
  var label = 0u;
  var label_probability = -1.0;
  var label_logit = -3.4028234e38;
  var q = 0u;
  for (var k = 0u; k < params.classes; k++) {
    var logit = -3.4028234e38;
    while (q < params.queries && class_of[q] == k) {
      logit = max(logit, x[base + q]);
      q++;
    }
    if (!WRITE_PROBABILITIES && !USE_ALLOWED && label_probability >= 0.0 && logit <= label_logit) { continue; }
    var probability = 0.0;
    if (logit > -3.4028234e38) { probability = exp(params.scale * (logit - largest)) / sum; }
    if (USE_ALLOWED) { probability = select(0.0, probability, allowed[k] != 0u); }
    if (WRITE_PROBABILITIES) { probabilities[pixel * params.classes + k] = probability; }
    if (probability > label_probability) {
      label_probability = probability;
      label_logit = logit;
      label = k;
    }
  }
  labels[pixel] = select(label, 0u, label_probability < params.threshold);
  best[pixel] = label_probability;
}
