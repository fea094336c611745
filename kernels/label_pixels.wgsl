// label_pixels: softmax over all queries, per class the maximum over its queries, the class with the largest maximum
//
//   p[q] = exp(scale (x[q] - max)) / sum;   P[k] = max over q of class k of p[q];   label = argmax P, 0 if P < threshold
// Synonyms are merged by the maximum, not the sum, so the P do not add up to 1 (published RF-CLIP postprocessing).
//
// shapes   x [pixels, queries]; class_of [queries] u32, not decreasing; labels [pixels] u32; best [pixels]: P of the
//          label before thresholding; probabilities [pixels, classes] when WRITE_PROBABILITIES; allowed [classes]: with
//          USE_ALLOWED, classes with 0 here get P = 0
// thread   one pixel; its queries are contiguous
// cost     4 FLOP and 2 exponentials a query, 12 bytes a query
// numerics the maximum is subtracted first; the first class wins a tie, as torch.argmax on the CPU

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

  var label = 0u;
  var label_probability = -1.0;
  var q = 0u;
  for (var k = 0u; k < params.classes; k++) {
    var probability = 0.0;
    while (q < params.queries && class_of[q] == k) {
      probability = max(probability, exp(params.scale * (x[base + q] - largest)) / sum);
      q++;
    }
    if (USE_ALLOWED) { probability = select(0.0, probability, allowed[k] != 0u); }
    if (WRITE_PROBABILITIES) { probabilities[pixel * params.classes + k] = probability; }
    if (probability > label_probability) {
      label_probability = probability;
      label = k;
    }
  }
  labels[pixel] = select(label, 0u, label_probability < params.threshold);
  best[pixel] = label_probability;
}
