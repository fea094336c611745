// matmul_register_tile: out[z][m][n] = activation(scale sum_k a[z][m][k] b[z][k][n] + bias[n]) + residual[z][m][n]
//
// For CPU drivers without subgroups of 4 or 8: like the naive kernel, but 8 x 8 outputs an invocation, so that every
// value loaded serves 8 products. Straight from storage: on a CPU, workgroup memory is no faster, and barriers cost.
//
// shapes   a [m, k], b [k, n] or [n, k], out and residual [m, n] for each of outer * inner batches; bias [n];
//          strided views as in matmul_naive.wgsl
// thread   8 x 8 outputs; a workgroup of 8 lies along n
// cost     2 m n k FLOP, and 16 values loaded for 64 FMA
// numerics f32 accumulation in order of k; QuickGELU as in matmul_naive
// versions GFLOP/s of CPU time on one core, [197, 768] x [768, 768], B transposed / not: llvmpipe (Mesa 25.0.7, AVX2)
//          5.4 / 6.3, SwiftShader 1.4 / 1.4
// dropped  4 x 4 outputs: 4.0 (SwiftShader 0.8); 4 x 8: 3.3 (1.1); 8 x 16: 3.6 (1.6); workgroups of 4: 4.9; 16 x 16: a
//          quarter slower, and 20 s to compile; two k a step: a third slower

const TRANSPOSE_B: bool = false;
const HAS_BIAS: bool = false;
const HAS_RESIDUAL: bool = false;
const ACTIVATION: u32 = 0u;  // 0 none, 1 QuickGELU x sigmoid(1.702 x), 2 GELU (erf)

alias B_ELEMENT = f32;  // or f16, as weights are stored where products are computed in it

const THREADS_X: u32 = 8u;

struct Params {
  m: u32, n: u32, k: u32, inner: u32,
  a_offset: u32, a_row: u32, a_inner: u32, a_outer: u32,
  b_offset: u32, b_row: u32, b_inner: u32, b_outer: u32,
  out_offset: u32, out_row: u32, out_inner: u32, out_outer: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<B_ELEMENT>;
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
    case 1u: { return x / (1.0 + exp(min(-1.702 * x, f32(88.0)))); }
    case 2u: { return 0.5 * x * (1.0 + erf(x * 0.70710678)); }
    default: { return x; }
  }
}

// Positions of 4 columns of b (b_row apart where it is transposed); columns beyond the edge repeat the last one.
fn column_starts(base: u32, n: u32) -> vec4u {
  return base + min(n + vec4u(0u, 1u, 2u, 3u), vec4u(params.n - 1u)) * select(1u, params.b_row, TRANSPOSE_B);
}

fn row_start(base: u32, m: u32) -> u32 {
  return base + min(m, params.m - 1u) * params.a_row;
}

fn load4(p: vec4u) -> vec4f {
  return vec4f(f32(b[p.x]), f32(b[p.y]), f32(b[p.z]), f32(b[p.w]));
}

@compute @workgroup_size(THREADS_X)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let outer = workgroup.z / params.inner;
  let inner = workgroup.z % params.inner;
  let a_base = params.a_offset + outer * params.a_outer + inner * params.a_inner;
  let b_base = params.b_offset + outer * params.b_outer + inner * params.b_inner;
  let m0 = workgroup.y * 8u;
  let n0 = (workgroup.x * THREADS_X + local.x) * 8u;
  let row0 = row_start(a_base, m0);
  let row1 = row_start(a_base, m0 + 1u);
  let row2 = row_start(a_base, m0 + 2u);
  let row3 = row_start(a_base, m0 + 3u);
  let row4 = row_start(a_base, m0 + 4u);
  let row5 = row_start(a_base, m0 + 5u);
  let row6 = row_start(a_base, m0 + 6u);
  let row7 = row_start(a_base, m0 + 7u);
  let left = column_starts(b_base, n0);
  let right = column_starts(b_base, n0 + 4u);
  let b_step = select(params.b_row, 1u, TRANSPOSE_B);

  // Rows 0 to 3 and 4 to 7 of the left and the right 4 columns.
  var left0 = mat4x4f();
  var left4 = mat4x4f();
  var right0 = mat4x4f();
  var right4 = mat4x4f();
  for (var k = 0u; k < params.k; k++) {
    let b_left = load4(left + k * b_step);
    let b_right = load4(right + k * b_step);
    let top = vec4f(a[row0 + k], a[row1 + k], a[row2 + k], a[row3 + k]);
    let bottom = vec4f(a[row4 + k], a[row5 + k], a[row6 + k], a[row7 + k]);
    left0 += mat4x4f(top.x * b_left, top.y * b_left, top.z * b_left, top.w * b_left);
    left4 += mat4x4f(bottom.x * b_left, bottom.y * b_left, bottom.z * b_left, bottom.w * b_left);
    right0 += mat4x4f(top.x * b_right, top.y * b_right, top.z * b_right, top.w * b_right);
    right4 += mat4x4f(bottom.x * b_right, bottom.y * b_right, bottom.z * b_right, bottom.w * b_right);
  }

  // A loop over an array keeps the epilogue's code short; unrolled, it would take long to compile.
  var sums = array<vec4f, 16>(
    left0[0], right0[0], left0[1], right0[1], left0[2], right0[2], left0[3], right0[3],
    left4[0], right4[0], left4[1], right4[1], left4[2], right4[2], left4[3], right4[3],
  );
  let out_base = params.out_offset + outer * params.out_outer + inner * params.out_inner;
  for (var i = 0u; i < 64u; i++) {
    let m = m0 + i / 8u;
    let n = n0 + i % 8u;
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
