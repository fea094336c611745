// hierarchical_prompt: the leader of each cluster of classes moves a little towards what the image shows of it
//
//   leader(cluster) = the query with the largest global similarity in it, the first one on ties
//   mean   = normalise(feature of its best patch + feature of its second best patch)
//   y[q]   = normalise((1 - weight) text[q] + weight mean)   for leaders;   y[q] = text[q] for the others
//
// shapes   text [queries, width]; cluster [queries] u32; global [windows or 1, queries]; features [windows, patches,
//          width] and similarity [windows, patches, queries] = features x text; y [windows, queries, width]
// thread   one (window, query): N + 4 width steps; this runs once per image on a few hundred queries
// cost     windows queries (patches + 12 width) FLOP

struct Params { size: u32, queries: u32, patches: u32, width: u32, global_stride: u32, weight: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> text: array<f32>;
@group(0) @binding(2) var<storage, read> cluster: array<u32>;
@group(0) @binding(3) var<storage, read> global_similarity: array<f32>;
@group(0) @binding(4) var<storage, read> features: array<f32>;
@group(0) @binding(5) var<storage, read> similarity: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let q = i % params.queries;
  let window = i / params.queries;
  let width = params.width;
  let globals = window * params.global_stride;

  var leads = true;
  for (var other = 0u; other < params.queries; other++) {
    if (cluster[other] != cluster[q] || other == q) { continue; }
    let theirs = global_similarity[globals + other];
    let ours = global_similarity[globals + q];
    if (theirs > ours || (theirs == ours && other < q)) { leads = false; }
  }
  if (!leads) {
    for (var c = 0u; c < width; c++) { y[i * width + c] = text[q * width + c]; }
    return;
  }

  var best = 0u;
  var second = 0u;
  var best_value = -3.4028234e38;
  var second_value = -3.4028234e38;
  for (var n = 0u; n < params.patches; n++) {
    let value = similarity[(window * params.patches + n) * params.queries + q];
    if (value > best_value) {
      second = best;
      second_value = best_value;
      best = n;
      best_value = value;
    } else if (value > second_value) {
      second = n;
      second_value = value;
    }
  }
  let first_row = (window * params.patches + best) * width;
  let second_row = (window * params.patches + second) * width;
  var squares = 0.0;
  for (var c = 0u; c < width; c++) {
    let mean = 0.5 * (features[first_row + c] + features[second_row + c]);
    squares += mean * mean;
  }
  let mean_norm = select(1.0, sqrt(squares), squares > 0.0);
  squares = 0.0;
  for (var c = 0u; c < width; c++) {
    let mean = 0.5 * (features[first_row + c] + features[second_row + c]) / mean_norm;
    let mixed = (1.0 - params.weight) * text[q * width + c] + params.weight * mean;
    squares += mixed * mixed;
  }
  let norm = select(1.0, sqrt(squares), squares > 0.0);
  for (var c = 0u; c < width; c++) {
    let mean = 0.5 * (features[first_row + c] + features[second_row + c]) / mean_norm;
    y[i * width + c] = ((1.0 - params.weight) * text[q * width + c] + params.weight * mean) / norm;
  }
}
