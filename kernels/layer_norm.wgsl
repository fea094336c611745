// layer_norm: y[r][c] = (x[r][c] - mean_r) / sqrt(variance_r + eps) * gamma[c] + beta[c]
//
// shapes   x, y [rows, width]; gamma, beta [width]
// thread   LANES threads share a row: each sums every LANES-th element, then a tree in shared memory adds the parts.
//          A CPU adapter takes LANES = 1 (its barriers cost more than the sums), a GPU 64.
// cost     8 rows width FLOP, 8 rows width bytes
// numerics two passes: the mean first, then the variance of the centred values, because E[x^2] - mean^2 cancels when
//          the mean is large, as it is on CLIP's over-activated tokens. The variance is the biased one (divided by width).

const LANES: u32 = 64u;
const THREADS = 64u;

struct Params { rows: u32, width: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, THREADS>;

// Sum over the LANES threads of a row; every thread of the workgroup must call it.
fn row_sum(part: f32, thread: u32) -> f32 {
  if (LANES == 1u) { return part; }
  parts[thread] = part;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (thread % LANES < stride) { parts[thread] += parts[thread + stride]; }
    workgroupBarrier();
  }
  let sum = parts[thread - thread % LANES];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * (THREADS / LANES) + thread / LANES;
  let lane = thread % LANES;
  let width = select(0u, params.width, row < params.rows);
  let base = row * params.width;

  var sum = 0.0;
  for (var c = lane; c < width; c += LANES) { sum += x[base + c]; }
  let mean = row_sum(sum, thread) / f32(params.width);

  var squares = 0.0;
  for (var c = lane; c < width; c += LANES) {
    let centred = x[base + c] - mean;
    squares += centred * centred;
  }
  let scale = 1.0 / sqrt(row_sum(squares, thread) / f32(params.width) + params.eps);

  for (var c = lane; c < width; c += LANES) {
    y[base + c] = (x[base + c] - mean) * scale * gamma[c] + beta[c];
  }
}
