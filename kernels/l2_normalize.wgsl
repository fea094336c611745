// l2_normalize: y[r][c] = x[r][c] / sqrt(sum_c x[r][c]^2); a row of zeros stays zero
//
// shapes   x, y [rows, width]
// thread   LANES threads share a row (see layer_norm).
// cost     3 rows width FLOP, 8 rows width bytes
// numerics PyTorch's x / x.norm() would give NaN for a zero row; a NaN spreads through every later op, a zero does not.
//          Squares overflow for values beyond 1e19 and vanish below 1e-19; features are far from both.

const LANES: u32 = 64u;
const THREADS = 64u;

struct Params { rows: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * (THREADS / LANES) + thread / LANES;
  let lane = thread % LANES;
  let width = select(0u, params.width, row < params.rows);
  let base = row * params.width;

  var squares = 0.0;
  for (var c = lane; c < width; c += LANES) { squares += x[base + c] * x[base + c]; }
  if (LANES > 1u) {
    parts[thread] = squares;
    workgroupBarrier();
    for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
      if (lane < stride) { parts[thread] += parts[thread + stride]; }
      workgroupBarrier();
    }
    squares = parts[thread - lane];
  }
  let norm = select(1.0, sqrt(squares), squares > 0.0);
  for (var c = lane; c < width; c += LANES) { y[base + c] = x[base + c] / norm; }
}
