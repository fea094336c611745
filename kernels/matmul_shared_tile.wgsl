// matmul_shared_tile: out[z][m][n] = activation(scale sum_k a[z][m][k] b[z][k][n] + bias[n]) + residual[z][m][n]
//
// For GPUs. A workgroup copies a slice of its rows of a and its columns of b, K_STEP deep, into workgroup memory with
// coalesced loads; each invocation then multiplies 8 rows by 4 columns of it in registers. The slices are kept with k as
// the outer index, and their rows are one element longer than the tile, so that the invocations that store a column of a
// (or of b, where it comes transposed) hit different memory banks.
//
// shapes   a [m, k], b [k, n] or [n, k], out and residual [m, n] for each of outer * inner batches; bias [n];
//          strided views as in matmul_naive.wgsl
// thread   8 rows x 4 columns of the output; a workgroup 8 THREADS_Y rows x 4 THREADS_X columns
// cost     2 m n k FLOP; with a 64 x 64 tile 16 FLOP for every byte read from storage, and 32 FMA for every 12 values
//          read from workgroup memory
// numerics f32 accumulation in order of k
// versions not yet timed on a GPU; on llvmpipe, where it is only tested, 1.8 GFLOP/s a core

const TRANSPOSE_B: bool = false;
const HAS_BIAS: bool = false;
const HAS_RESIDUAL: bool = false;
const ACTIVATION: u32 = 0u;  // 0 none, 1 QuickGELU x sigmoid(1.702 x), 2 GELU (erf)

const THREADS_X: u32 = 16u;
const THREADS_Y: u32 = 8u;
const K_STEP: u32 = 16u;

const THREADS = THREADS_X * THREADS_Y;
const ROWS = 8u * THREADS_Y;
const COLUMNS = 4u * THREADS_X;

struct Params {
  m: u32, n: u32, k: u32, inner: u32,
  a_offset: u32, a_row: u32, a_inner: u32, a_outer: u32,
  b_offset: u32, b_row: u32, b_inner: u32, b_outer: u32,
  out_offset: u32, out_row: u32, out_inner: u32, out_outer: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
fn erf(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.3275911 * abs(x));
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - poly * exp(-x * x));
}

fn activate(x: f32) -> f32 {
  switch ACTIVATION {
    case 1u: { return x / (1.0 + exp(-1.702 * x)); }
    case 2u: { return 0.5 * x * (1.0 + erf(x * 0.70710678)); }
    default: { return x; }
  }
}

var<workgroup> a_slice: array<f32, K_STEP * (ROWS + 1u)>;
var<workgroup> b_slice: array<f32, K_STEP * (COLUMNS + 1u)>;

fn copy_a(base: u32, m0: u32, k0: u32, thread: u32) {
  for (var i = thread; i < ROWS * K_STEP; i += THREADS) {
    let row = i / K_STEP;
    let k = i % K_STEP;
    var value = 0.0;
    if (m0 + row < params.m && k0 + k < params.k) { value = a[base + (m0 + row) * params.a_row + k0 + k]; }
    a_slice[k * (ROWS + 1u) + row] = value;
  }
}

// Neighbouring invocations read neighbouring elements: along k where b is transposed, else along n.
fn copy_b(base: u32, n0: u32, k0: u32, thread: u32) {
  for (var i = thread; i < COLUMNS * K_STEP; i += THREADS) {
    let column = select(i % COLUMNS, i / K_STEP, TRANSPOSE_B);
    let k = select(i / COLUMNS, i % K_STEP, TRANSPOSE_B);
    var value = 0.0;
    if (n0 + column < params.n && k0 + k < params.k) {
      if (TRANSPOSE_B) {
        value = b[base + (n0 + column) * params.b_row + k0 + k];
      } else {
        value = b[base + (k0 + k) * params.b_row + n0 + column];
      }
    }
    b_slice[k * (COLUMNS + 1u) + column] = value;
  }
}

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let outer = workgroup.z / params.inner;
  let inner = workgroup.z % params.inner;
  let a_base = params.a_offset + outer * params.a_outer + inner * params.a_inner;
  let b_base = params.b_offset + outer * params.b_outer + inner * params.b_inner;
  let out_base = params.out_offset + outer * params.out_outer + inner * params.out_inner;
  let m0 = workgroup.y * ROWS;
  let n0 = workgroup.x * COLUMNS;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  var sum4 = vec4f();
  var sum5 = vec4f();
  var sum6 = vec4f();
  var sum7 = vec4f();
  for (var k0 = 0u; k0 < params.k; k0 += K_STEP) {
    copy_a(a_base, m0, k0, thread);
    copy_b(b_base, n0, k0, thread);
    workgroupBarrier();
    for (var k = 0u; k < K_STEP; k++) {
      let p = k * (ROWS + 1u) + 8u * local.y;
      let q = k * (COLUMNS + 1u) + 4u * local.x;
      let columns = vec4f(b_slice[q], b_slice[q + 1u], b_slice[q + 2u], b_slice[q + 3u]);
      sum0 += a_slice[p] * columns;
      sum1 += a_slice[p + 1u] * columns;
      sum2 += a_slice[p + 2u] * columns;
      sum3 += a_slice[p + 3u] * columns;
      sum4 += a_slice[p + 4u] * columns;
      sum5 += a_slice[p + 5u] * columns;
      sum6 += a_slice[p + 6u] * columns;
      sum7 += a_slice[p + 7u] * columns;
    }
    workgroupBarrier();
  }

  // A loop over an array keeps the epilogue's code, and the time to compile it, short.
  var sums = array<vec4f, 8>(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7);
  for (var i = 0u; i < 32u; i++) {
    let m = m0 + 8u * local.y + i / 4u;
    let n = n0 + 4u * local.x + i % 4u;
    if (m < params.m && n < params.n) {
      let o = out_base + m * params.out_row + n;
      var value = params.scale * sums[i / 4u][i % 4u];
      if (HAS_BIAS) { value += bias[n]; }
      value = activate(value);
      if (HAS_RESIDUAL) { value += residual[o]; }
      out[o] = value;
    }
  }
}
