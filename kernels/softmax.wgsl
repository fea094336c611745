// softmax: y[r][j] = exp(s x[r][j] - max_r) / sum_j exp(s x[r][j] - max_r), over the visible columns of the row
//
// With HAS_ADDEND, `addend` is added last: RF-CLIP sums the attention of all layers, and needs no layer's by itself.
//
// shapes   x, y, addend [rows, width]
// causal   where asked for, row r belongs to query r mod width and sees columns 0 .. r mod width; the others get 0.
// thread   LANES threads share a row (see layer_norm).
// cost     4 rows width FLOP and rows width exponentials, 8 rows width bytes (with an addend 12)
// numerics the maximum is subtracted first, so that the largest exponent is 0: no overflow, and the sum is at least 1.
//          Every row sees at least one column, so no row divides by zero.

const LANES: u32 = 64u;
const HAS_ADDEND: bool = false;
const THREADS = 64u;

struct Params { rows: u32, width: u32, causal: u32, scale: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> addend: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, THREADS>;

// Sum (or maximum) over the LANES threads of a row; every thread of the workgroup must call it.
fn row_reduce(part: f32, thread: u32, take_max: bool) -> f32 {
  if (LANES == 1u) { return part; }
  parts[thread] = part;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (thread % LANES < stride) {
      let other = parts[thread + stride];
      parts[thread] = select(parts[thread] + other, max(parts[thread], other), take_max);
    }
    workgroupBarrier();
  }
  let total = parts[thread - thread % LANES];
  workgroupBarrier();
  return total;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * (THREADS / LANES) + thread / LANES;
  let lane = thread % LANES;
  let inside = row < params.rows;
  let width = select(0u, params.width, inside);
  let visible = select(width, row % params.width + 1u, params.causal == 1u && inside);
  let base = row * params.width;

  var largest = -3.4028234e38;
  for (var j = lane; j < visible; j += LANES) { largest = max(largest, params.scale * x[base + j]); }
  largest = row_reduce(largest, thread, true);

  var sum = 0.0;
  for (var j = lane; j < visible; j += LANES) {
    let value = exp(params.scale * x[base + j] - largest);
    y[base + j] = value;
    sum += value;
  }
  let total = row_reduce(sum, thread, false);

  for (var j = lane; j < width; j += LANES) {
    var share = 0.0;
    if (j < visible) { share = y[base + j] / total; }
    if (HAS_ADDEND) { share += addend[base + j]; }
    y[base + j] = share;
  }
}
