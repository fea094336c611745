// matmul_naive: out[z][m][n] = activation(scale sum_k a[z][m][k] b[z][k][n] + bias[n]) + residual[z][m][n]
//
// The textbook matrix product, one output an invocation: the version to read first, and the one the fast versions are
// checked against. Every operand is a strided view: element (outer, inner, row, column) of `a` lies at
//   a_offset + outer a_outer + inner a_inner + row a_row + column
// so that heads of a fused qkv tensor, or the patch tokens behind CLS, are multiplied in place. With TRANSPOSE_B, `b` is
// stored as [n, k] (PyTorch's nn.Linear weight) and b_row is the distance between its n-rows.
//
// shapes   a [m, k], b [k, n] or [n, k], out and residual [m, n] for each of outer * inner batches; bias [n]
// thread   one output element
// cost     2 m n k FLOP, and 8 bytes read for every 2 FLOP: bound by loads everywhere
// numerics f32 accumulation in order of k; QuickGELU of a value below -52 would overflow, which WGSL leaves open, but
//          exp(88) is as good
// versions GFLOP/s of one core for [589, 768] x [768, 768] transposed on llvmpipe (Mesa 25.0.7, AVX2, 3.4 GHz), Dawn's
//          default switches: this 1.0, matmul_register_tile 5.4, matmul_subgroup_tile 15.3

const TRANSPOSE_B: bool = false;
const HAS_BIAS: bool = false;
const HAS_RESIDUAL: bool = false;
const ACTIVATION: u32 = 0u;  // 0 none, 1 QuickGELU x sigmoid(1.702 x), 2 GELU (erf)

alias B_ELEMENT = f32;  // or f16, as weights are stored where products are computed in it

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

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let m = id.y;
  if (m >= params.m || n >= params.n) { return; }
  let outer = id.z / params.inner;
  let inner = id.z % params.inner;
  let a_base = params.a_offset + outer * params.a_outer + inner * params.a_inner + m * params.a_row;
  let b_base = params.b_offset + outer * params.b_outer + inner * params.b_inner;
  let o = params.out_offset + outer * params.out_outer + inner * params.out_inner + m * params.out_row + n;

  var sum = 0.0;
  for (var k = 0u; k < params.k; k++) {
    if (TRANSPOSE_B) {
      sum += a[a_base + k] * f32(b[b_base + n * params.b_row + k]);
    } else {
      sum += a[a_base + k] * f32(b[b_base + k * params.b_row + n]);
    }
  }
  var value = params.scale * sum;
  if (HAS_BIAS) { value += bias[n]; }
  value = activate(value);
  if (HAS_RESIDUAL) { value += residual[o]; }
  out[o] = value;
}
