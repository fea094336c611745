// layer_norm: y[r][c] = (x[r][c] - mean_r) / sqrt(variance_r + eps) * gamma[c] + beta[c]
//
// With OF_MEAN, x is the mean of two tensors of y's size, one behind the other.
//
// shapes   x, y [rows, width]; gamma, beta [width]; with OF_MEAN x [2, rows, width]
// thread   LANES threads share a row: each sums every LANES-th element, then a tree in shared memory adds the parts.
//          A CPU adapter takes LANES = 1 (its barriers cost more than the sums), a GPU 64.
// cost     8 rows width FLOP, 8 rows width bytes
// numerics two passes: the mean first, then the variance of the centred values, because E[x^2] - mean^2 cancels when
//          the mean is large. A sum of many large values is itself off by several ulps, so the second pass also sums the
//          centred values: what they leave is the error of the mean, and both moments are corrected by it (Chan, Golub
//          and LeVeque 1983, the corrected two-pass algorithm). Without it a constant row of 1000.3 gave 0.9, not 0.
//          The variance is the biased one (divided by width).

const LANES: u32 = 64u;
const OF_MEAN: bool = false;
const THREADS = 64u;
alias Y_ELEMENT = f32;  // or f16, for a factor of a product in half precision

struct Params { rows: u32, width: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<Y_ELEMENT>;

var<workgroup> parts: array<vec2f, THREADS>;

fn value(i: u32) -> f32 {
  if (OF_MEAN) { return 0.5 * x[i] + 0.5 * x[i + params.rows * params.width]; }
  return x[i];
}

// Sums over the LANES threads of a row; every thread of the workgroup must call it.
fn row_sum(part: vec2f, thread: u32) -> vec2f {
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
  for (var c = lane; c < width; c += LANES) { sum += value(base + c); }
  let mean = row_sum(vec2f(sum, 0.0), thread).x / f32(params.width);

  var moments = vec2f(0.0);
  for (var c = lane; c < width; c += LANES) {
    let centred = value(base + c) - mean;
    moments += vec2f(centred, centred * centred);
  }
  moments = row_sum(moments, thread) / f32(params.width);
  let variance = max(0.0, moments.y - moments.x * moments.x);
  let scale = 1.0 / sqrt(variance + params.eps);

  for (var c = lane; c < width; c += LANES) {
    y[base + c] = Y_ELEMENT(((value(base + c) - mean) - moments.x) * scale * gamma[c] + beta[c]);
  }
}
