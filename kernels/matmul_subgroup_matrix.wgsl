// matmul_subgroup_matrix: out[z][m][n] = activation(scale sum_k a[z][m][k] b[z][k][n] + bias[n]) + residual[z][m][n]
//
// For GPUs with matrix units (tensor cores). A subgroup multiplies small f16 matrices with one instruction and adds the
// f32 products to an f32 matrix that its invocations hold together. A workgroup copies a slice of its rows of a and its
// columns of b, K_STEP deep, into workgroup memory as f16, in pieces of 8 halves (16 bytes); each of its GRID_M x GRID_N
// subgroups multiplies its part of the tile. Loads of the next slice are under way while this one is multiplied. What
// lies beyond m, n or k is zero in the slices. Results go through workgroup memory, so that bias, activation, residual
// and the borders need no knowledge of which invocation holds what.
//
// shapes   a [m, k], b [k, n] or [n, k], out and residual [m, n] for each of outer * inner batches; bias [n];
//          strided views as in matmul_naive.wgsl
// thread   TILE_M TILE_N / THREADS outputs; a workgroup TILE_M x TILE_N of them
// cost     2 m n k FLOP; with a 64 x 64 tile 32 FLOP for every byte of f16 read from storage
// numerics a and b rounded to f16, products and sums f32; bias, activation and residual f32

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
// A subgroup's number is the same for all of it, which the analysis does not know.
diagnostic(off, chromium.subgroup_matrix_uniformity);

const TRANSPOSE_B: bool = false;
const HAS_BIAS: bool = false;
const HAS_RESIDUAL: bool = false;
const ACTIVATION: u32 = 0u;  // 0 none, 1 QuickGELU x sigmoid(1.702 x), 2 GELU (erf)

// What a and b hold: f16 or f32. Elements of their bindings: vec4u where rows and columns come in whole pieces, else u32.
const A_HALF: bool = false;
const B_HALF: bool = true;
alias A_ELEMENT = vec4u;
alias B_ELEMENT = vec4u;
const VECTOR_A: bool = true;
const VECTOR_B: bool = true;
alias OUT_ELEMENT = f32;

// The matrices that the adapter multiplies, [SIDE_M, SIDE_K] x [SIDE_K, SIDE_N], and the size of all its subgroups.
const SIDE_M: u32 = 16u;
const SIDE_N: u32 = 16u;
const SIDE_K: u32 = 16u;
const SUBGROUP_SIZE: u32 = 32u;

const TILE_M: u32 = 64u;
const TILE_N: u32 = 64u;
const GRID_M: u32 = 2u;
const GRID_N: u32 = 2u;
const K_STEP: u32 = 32u;
const PAD: u32 = 1u;     // pieces between rows of a slice, against bank conflicts
const STAGES: u32 = 1u;  // slices in workgroup memory: with 2, one is filled while the other is multiplied

alias Left = subgroup_matrix_left<f16, SIDE_K, SIDE_M>;
alias Right = subgroup_matrix_right<f16, SIDE_N, SIDE_K>;
alias Sum = subgroup_matrix_result<f32, SIDE_N, SIDE_M>;

const THREADS = GRID_M * GRID_N * SUBGROUP_SIZE;
const PART_M = TILE_M / GRID_M;
const PART_N = TILE_N / GRID_N;
const SUMS_M = PART_M / SIDE_M;
const SUMS_N = PART_N / SIDE_N;

// Pieces along k of a row of a (and of b transposed), and along n of a row of b.
const K_PIECES = K_STEP / 8u;
const N_PIECES = TILE_N / 8u;
const A_PITCH = K_PIECES + PAD;
const B_ROW = select(N_PIECES, K_PIECES, TRANSPOSE_B);
const B_PITCH = B_ROW + PAD;
const B_ROWS = select(K_STEP, TILE_N, TRANSPOSE_B);
const A_SLICE = TILE_M * A_PITCH;
const SLICES = A_SLICE + B_ROWS * B_PITCH;
const A_LOADS = (TILE_M * K_PIECES + THREADS - 1u) / THREADS;
const B_LOADS = (TILE_N * K_PIECES + THREADS - 1u) / THREADS;

// A subgroup's results, SIDE_M rows at a time, in vectors of 4 f32.
const PATCH_PITCH = PART_N / 4u + 1u;
const PATCH = SIDE_M * PATCH_PITCH;

struct Params {
  m: u32, n: u32, k: u32, inner: u32,
  a_offset: u32, a_row: u32, a_inner: u32, a_outer: u32,
  b_offset: u32, b_row: u32, b_inner: u32, b_outer: u32,
  out_offset: u32, out_row: u32, out_inner: u32, out_outer: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<A_ELEMENT>;
@group(0) @binding(2) var<storage, read> b: array<B_ELEMENT>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<OUT_ELEMENT>;

// Slices of a and b, f16, and after the last of them the results, f32.
var<workgroup> memory: array<vec4u, max(STAGES * SLICES, GRID_M * GRID_N * PATCH)>;

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

fn halves(low: vec4f, high: vec4f) -> vec4u {
  return vec4u(bitcast<vec2u>(vec4<f16>(low)), bitcast<vec2u>(vec4<f16>(high)));
}

// Element p of a, where elements come one by one.
fn element_of_a(p: u32) -> f32 {
  if (A_HALF) { return unpack2x16float(vec4u(a[p / 2u]).x)[p % 2u]; }
  return bitcast<f32>(vec4u(a[p]).x);
}

fn element_of_b(p: u32) -> f32 {
  if (B_HALF) { return unpack2x16float(vec4u(b[p / 2u]).x)[p % 2u]; }
  return bitcast<f32>(vec4u(b[p]).x);
}

// The 8 halves of a from element p on, of which the first `count` exist.
fn piece_of_a(p: u32, count: u32) -> vec4u {
  if (VECTOR_A && A_HALF) { return vec4u(a[p / 8u]); }
  if (VECTOR_A) { return halves(bitcast<vec4f>(vec4u(a[p / 4u])), bitcast<vec4f>(vec4u(a[p / 4u + 1u]))); }
  var low = vec4f();
  var high = vec4f();
  for (var i = 0u; i < 4u; i++) {
    if (i < count) { low[i] = element_of_a(p + i); }
    if (i + 4u < count) { high[i] = element_of_a(p + i + 4u); }
  }
  return halves(low, high);
}

fn piece_of_b(p: u32, count: u32) -> vec4u {
  if (VECTOR_B && B_HALF) { return vec4u(b[p / 8u]); }
  if (VECTOR_B) { return halves(bitcast<vec4f>(vec4u(b[p / 4u])), bitcast<vec4f>(vec4u(b[p / 4u + 1u]))); }
  var low = vec4f();
  var high = vec4f();
  for (var i = 0u; i < 4u; i++) {
    if (i < count) { low[i] = element_of_b(p + i); }
    if (i + 4u < count) { high[i] = element_of_b(p + i + 4u); }
  }
  return halves(low, high);
}

// Piece `index` of the slice of a that starts at row m0 and depth k0.
fn fetch_a(base: u32, m0: u32, k0: u32, index: u32) -> vec4u {
  let row = m0 + index / K_PIECES;
  let k = k0 + 8u * (index % K_PIECES);
  if (row >= params.m || k >= params.k) { return vec4u(); }
  return piece_of_a(base + row * params.a_row + k, params.k - k);
}

fn fetch_b(base: u32, n0: u32, k0: u32, index: u32) -> vec4u {
  let row = select(k0, n0, TRANSPOSE_B) + index / B_ROW;
  let column = select(n0, k0, TRANSPOSE_B) + 8u * (index % B_ROW);
  let rows = select(params.k, params.n, TRANSPOSE_B);
  let columns = select(params.n, params.k, TRANSPOSE_B);
  if (row >= rows || column >= columns) { return vec4u(); }
  return piece_of_b(base + row * params.b_row + column, columns - column);
}

fn load_right(slice: u32, k: u32, n: u32) -> Right {
  if (TRANSPOSE_B) { return subgroupMatrixLoad<Right, col_major>(&memory, slice + n * B_PITCH + k / 8u, B_PITCH); }
  return subgroupMatrixLoad<Right, row_major>(&memory, slice + k * B_PITCH + n / 8u, B_PITCH);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let outer = workgroup.z / params.inner;
  let inner = workgroup.z % params.inner;
  let a_base = params.a_offset + outer * params.a_outer + inner * params.a_inner;
  let b_base = params.b_offset + outer * params.b_outer + inner * params.b_inner;
  let out_base = params.out_offset + outer * params.out_outer + inner * params.out_inner;
  let m0 = workgroup.y * TILE_M;
  let n0 = workgroup.x * TILE_N;
  let part_m = subgroup / GRID_N * PART_M;
  let part_n = subgroup % GRID_N * PART_N;

  var sums: array<array<Sum, SUMS_N>, SUMS_M>;
  var next_a: array<vec4u, A_LOADS>;
  var next_b: array<vec4u, B_LOADS>;
  for (var i = 0u; i < A_LOADS; i++) { next_a[i] = fetch_a(a_base, m0, 0u, thread + i * THREADS); }
  for (var i = 0u; i < B_LOADS; i++) { next_b[i] = fetch_b(b_base, n0, 0u, thread + i * THREADS); }
  var slice = 0u;
  for (var k0 = 0u; k0 < params.k; k0 += K_STEP) {
    if (STAGES == 1u) { workgroupBarrier(); }
    for (var i = 0u; i < A_LOADS; i++) {
      let index = thread + i * THREADS;
      if (index < TILE_M * K_PIECES) { memory[slice + index / K_PIECES * A_PITCH + index % K_PIECES] = next_a[i]; }
    }
    for (var i = 0u; i < B_LOADS; i++) {
      let index = thread + i * THREADS;
      if (index < TILE_N * K_PIECES) { memory[slice + A_SLICE + index / B_ROW * B_PITCH + index % B_ROW] = next_b[i]; }
    }
    workgroupBarrier();
    for (var i = 0u; i < A_LOADS; i++) { next_a[i] = fetch_a(a_base, m0, k0 + K_STEP, thread + i * THREADS); }
    for (var i = 0u; i < B_LOADS; i++) { next_b[i] = fetch_b(b_base, n0, k0 + K_STEP, thread + i * THREADS); }
    for (var k = 0u; k < K_STEP; k += SIDE_K) {
      var left: array<Left, SUMS_M>;
      for (var i = 0u; i < SUMS_M; i++) {
        left[i] = subgroupMatrixLoad<Left, row_major>(&memory, slice + (part_m + i * SIDE_M) * A_PITCH + k / 8u, A_PITCH);
      }
      for (var j = 0u; j < SUMS_N; j++) {
        let right = load_right(slice + A_SLICE, k, part_n + j * SIDE_N);
        for (var i = 0u; i < SUMS_M; i++) { sums[i][j] = subgroupMatrixMultiplyAccumulate(left[i], right, sums[i][j]); }
      }
    }
    if (STAGES == 2u) { slice = SLICES - slice; }
  }

  let patch_start = subgroup * PATCH;
  for (var i = 0u; i < SUMS_M; i++) {
    workgroupBarrier();
    for (var j = 0u; j < SUMS_N; j++) {
      subgroupMatrixStore<row_major>(&memory, patch_start + j * SIDE_N / 4u, sums[i][j], PATCH_PITCH);
    }
    workgroupBarrier();
    for (var e = lane; e < SIDE_M * PART_N; e += SUBGROUP_SIZE) {
      let row = e / PART_N;
      let column = e % PART_N;
      let m = m0 + part_m + i * SIDE_M + row;
      let n = n0 + part_n + column;
      if (m < params.m && n < params.n) {
        let o = out_base + m * params.out_row + n;
        var value = params.scale * bitcast<f32>(memory[patch_start + row * PATCH_PITCH + column / 4u][column % 4u]);
        if (HAS_BIAS) { value += bias[n]; }
        value = activate(value);
        if (HAS_RESIDUAL) { value += residual[o]; }
        out[o] = OUT_ELEMENT(value);
      }
    }
  }
}
