// row_reduce: y[r] = min, max, sum or mean of x[r][0..width)
//
// shapes   x [rows, width], y [rows]
// thread   LANES threads share a row (see layer_norm).
// cost     rows width FLOP, 4 rows width bytes
// numerics a sum adds LANES partial sums of width / LANES terms each, which also bounds its rounding error.

const LANES: u32 = 64u;
const OPERATION: u32 = 2u;  // 0 min, 1 max, 2 sum, 3 mean
const THREADS = 64u;

struct Params { rows: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, THREADS>;

fn combine(a: f32, b: f32) -> f32 {
  switch OPERATION {
    case 0u: { return min(a, b); }
    case 1u: { return max(a, b); }
    default: { return a + b; }
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * (THREADS / LANES) + thread / LANES;
  let lane = thread % LANES;
  let inside = row < params.rows;
  let base = row * params.width;

  var part = 0.0;
  if (OPERATION == 0u) { part = 3.4028234e38; }
  if (OPERATION == 1u) { part = -3.4028234e38; }
  if (inside) {
    for (var c = lane; c < params.width; c += LANES) { part = combine(part, x[base + c]); }
  }
  if (LANES > 1u) {
    parts[thread] = part;
    workgroupBarrier();
    for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
      if (lane < stride) { parts[thread] = combine(parts[thread], parts[thread + stride]); }
      workgroupBarrier();
    }
    part = parts[thread - lane];
  }
  if (OPERATION == 3u) { part /= f32(params.width); }
  if (inside && lane == 0u) { y[row] = part; }
}
