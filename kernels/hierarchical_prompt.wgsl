// hierarchical_prompt: the leader of each cluster of classes moves a little towards what the image shows of it
//
//   leader(cluster) = the query with the largest global similarity in it, the first one on ties
//   mean   = normalise(feature of its best patch + feature of its second best patch)
//   y[q]   = normalise((1 - weight) text[q] + weight mean)   for leaders;   y[q] = text[q] for the others
//   bias[q] = global_weight global[q], which is added to the logits later: once, and not by a launch of its own
//
// shapes   text [queries, width]; cluster [queries] u32; global [windows or 1, queries]; features [windows, patches,
//          width] and similarity [windows, patches, queries] = features x text; y [windows, queries, width]; bias as
//          global
// thread   LANES threads share one (window, query), see layer_norm: on a GPU a workgroup each, because a single thread
//          would read its 588 patches and 2000 channels one after the other while the rest of the GPU waits
// cost     windows queries (patches + 12 width) FLOP

const LANES: u32 = 64u;
const THREADS = 64u;

struct Params {
  size: u32, queries: u32, patches: u32, width: u32, global_stride: u32, global_size: u32,
  weight: f32, global_weight: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> text: array<f32>;
@group(0) @binding(2) var<storage, read> cluster: array<u32>;
@group(0) @binding(3) var<storage, read> global_similarity: array<f32>;
@group(0) @binding(4) var<storage, read> features: array<f32>;
@group(0) @binding(5) var<storage, read> similarity: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;
@group(0) @binding(7) var<storage, read_write> bias: array<f32>;

// A patch and its similarity; no patch is beyond all of them.
struct Patch { value: f32, at: u32 }
struct Best { first: Patch, second: Patch }

const NONE = Patch(-3.4028234e38, 0xffffffffu);

var<workgroup> sums: array<f32, THREADS>;
var<workgroup> bests: array<Best, THREADS>;

// Sum over the LANES threads of a row; every thread of the workgroup must call it.
fn row_sum(part: f32, thread: u32) -> f32 {
  if (LANES == 1u) { return part; }
  sums[thread] = part;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (thread % LANES < stride) { sums[thread] += sums[thread + stride]; }
    workgroupBarrier();
  }
  let sum = sums[thread - thread % LANES];
  workgroupBarrier();
  return sum;
}

// The first of equals comes first.
fn precedes(a: Patch, b: Patch) -> bool {
  return a.value > b.value || (a.value == b.value && a.at < b.at);
}

fn select_patch(a: Patch, b: Patch) -> Patch {
  if (precedes(a, b)) { return a; }
  return b;
}

fn merge(a: Best, b: Best) -> Best {
  if (precedes(a.first, b.first)) { return Best(a.first, select_patch(a.second, b.first)); }
  return Best(b.first, select_patch(a.first, b.second));
}

fn row_best(part: Best, thread: u32) -> Best {
  if (LANES == 1u) { return part; }
  bests[thread] = part;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (thread % LANES < stride) { bests[thread] = merge(bests[thread], bests[thread + stride]); }
    workgroupBarrier();
  }
  let best = bests[thread - thread % LANES];
  workgroupBarrier();
  return best;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * (THREADS / LANES) + thread / LANES;
  let lane = thread % LANES;
  let inside = i < params.size;
  let q = i % params.queries;
  let window = i / params.queries;
  let width = select(0u, params.width, inside);
  let globals = window * params.global_stride;
  let ours = global_similarity[select(0u, globals + q, inside)];
  if (lane == 0u && i < params.global_size) { bias[i] = params.global_weight * ours; }

  var better = 0.0;
  for (var other = lane; other < select(0u, params.queries, inside); other += LANES) {
    if (cluster[other] != cluster[q] || other == q) { continue; }
    let theirs = global_similarity[globals + other];
    if (theirs > ours || (theirs == ours && other < q)) { better += 1.0; }
  }
  let betters = row_sum(better, thread);
  let leads = inside && betters == 0.0;

  var best = Best(NONE, NONE);
  for (var n = lane; n < select(0u, params.patches, leads); n += LANES) {
    let patch_n = Patch(similarity[(window * params.patches + n) * params.queries + q], n);
    best = merge(best, Best(patch_n, NONE));
  }
  best = row_best(best, thread);
  let second_at = select(best.second.at, best.first.at, best.second.at == NONE.at);
  let first_row = (window * params.patches + best.first.at) * params.width;
  let second_row = (window * params.patches + second_at) * params.width;
  let mixed_width = select(0u, width, leads);
  var squares = 0.0;
  for (var c = lane; c < mixed_width; c += LANES) {
    let mean = 0.5 * (features[first_row + c] + features[second_row + c]);
    squares += mean * mean;
  }
  squares = row_sum(squares, thread);
  let mean_norm = select(1.0, sqrt(squares), squares > 0.0);
  squares = 0.0;
  for (var c = lane; c < mixed_width; c += LANES) {
    let mean = 0.5 * (features[first_row + c] + features[second_row + c]) / mean_norm;
    let mixed = (1.0 - params.weight) * text[q * width + c] + params.weight * mean;
    squares += mixed * mixed;
  }
  squares = row_sum(squares, thread);
  let norm = select(1.0, sqrt(squares), squares > 0.0);
  for (var c = lane; c < width; c += LANES) {
    let own = text[q * width + c];
    if (leads) {
      let mean = 0.5 * (features[first_row + c] + features[second_row + c]) / mean_norm;
      y[i * width + c] = ((1.0 - params.weight) * own + params.weight * mean) / norm;
    } else {
      y[i * width + c] = own;
    }
  }
}
