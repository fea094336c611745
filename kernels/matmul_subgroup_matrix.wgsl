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
// numerics a and b rounded to f16, products and sums f32; bias, activation and residual f32; QuickGELU as in matmul_naive
// versions TFLOP/s on an NVIDIA H200, Dawn's profile bench, b transposed, weights of 12 layers in turn, a in f16;
//          [m, 768] x [768, 2304] for m = 197 / 589 / 1584 and [589, 3072] x [3072, 768]:
//            matmul_register_block 64x64 8x4, f32                      12 /  26 /  33 and 21
//            32x32 by 2x2 subgroups, k 64, 2 stages                    47 /  61 /  75 and 64
//            64x64 by 2x2, k 64, 1 stage                               48 /  82 / 118 and 67
//            64x64 by 2x2, k 64, 2 stages                              37 /  73 /  91 and 79
//            128x128 by 4x2, k 64, 1 stage                             34 / 102 / 150 and 51
//            64x64 by 2x2, k 32, 2 stages: a in f16                    38 /  65 /  94
//                                          a in f32                    25 /  39 /  57
// dropped  sums, factors and pieces in arrays that a loop indexes: they leave the registers, and 64x64 by 2x2, k 32, fell
//          to 15 for m = 197; 64x32 and 32x64 (37, 40), 128x64 and 64x128 (30, 57, 92), 64x64 by 4x2 (35, 62), k 16;
//          matrices of 16x8x16: as 16x16x16

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
// Matrices of sums that a subgroup holds: 1, 2 or 4 along each axis.
const SUMS_M = PART_M / SIDE_M;
const SUMS_N = PART_N / SIDE_N;
const_assert SUMS_M <= 4u && SUMS_N <= 4u;

// Pieces along k of a row of a (and of b transposed), and along n of a row of b.
const K_PIECES = K_STEP / 8u;
const N_PIECES = TILE_N / 8u;
const A_PITCH = K_PIECES + PAD;
const B_ROW = select(N_PIECES, K_PIECES, TRANSPOSE_B);
const B_PITCH = B_ROW + PAD;
const B_ROWS = select(K_STEP, TILE_N, TRANSPOSE_B);
const A_SLICE = TILE_M * A_PITCH;
const SLICES = A_SLICE + B_ROWS * B_PITCH;
// Pieces of a slice that an invocation copies: at most 4 of each.
const A_PIECES = TILE_M * K_PIECES;
const B_PIECES = TILE_N * K_PIECES;
const A_LOADS = (A_PIECES + THREADS - 1u) / THREADS;
const B_LOADS = (B_PIECES + THREADS - 1u) / THREADS;
const_assert A_LOADS <= 4u && B_LOADS <= 4u;

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
    case 1u: { return x / (1.0 + exp(min(-1.702 * x, f32(88.0)))); }
    case 2u: { return 0.5 * x * (1.0 + erf(x * 0.70710678)); }
    default: { return x; }
  }
}

fn halves(low: vec4f, high: vec4f) -> vec4u {
  return vec4u(bitcast<vec2u>(vec4<f16>(low)), bitcast<vec2u>(vec4<f16>(high)));
}

// Element p of a, where elements come one by one, and 4 from element p + i on, of which the first `count` from p exist.
fn element_of_a(p: u32, exists: bool) -> f32 {
  if (!exists) { return 0.0; }
  if (A_HALF) { return unpack2x16float(vec4u(a[p / 2u]).x)[p % 2u]; }
  return bitcast<f32>(vec4u(a[p]).x);
}

fn elements_of_a(p: u32, count: u32, i: u32) -> vec4f {
  return vec4f(
    element_of_a(p + i, i < count), element_of_a(p + i + 1u, i + 1u < count),
    element_of_a(p + i + 2u, i + 2u < count), element_of_a(p + i + 3u, i + 3u < count),
  );
}

fn element_of_b(p: u32, exists: bool) -> f32 {
  if (!exists) { return 0.0; }
  if (B_HALF) { return unpack2x16float(vec4u(b[p / 2u]).x)[p % 2u]; }
  return bitcast<f32>(vec4u(b[p]).x);
}

fn elements_of_b(p: u32, count: u32, i: u32) -> vec4f {
  return vec4f(
    element_of_b(p + i, i < count), element_of_b(p + i + 1u, i + 1u < count),
    element_of_b(p + i + 2u, i + 2u < count), element_of_b(p + i + 3u, i + 3u < count),
  );
}

// The 8 halves of a from element p on, of which the first `count` exist.
fn piece_of_a(p: u32, count: u32) -> vec4u {
  if (VECTOR_A && A_HALF) { return vec4u(a[p / 8u]); }
  if (VECTOR_A) { return halves(bitcast<vec4f>(vec4u(a[p / 4u])), bitcast<vec4f>(vec4u(a[p / 4u + 1u]))); }
  return halves(elements_of_a(p, count, 0u), elements_of_a(p, count, 4u));
}

fn piece_of_b(p: u32, count: u32) -> vec4u {
  if (VECTOR_B && B_HALF) { return vec4u(b[p / 8u]); }
  if (VECTOR_B) { return halves(bitcast<vec4f>(vec4u(b[p / 4u])), bitcast<vec4f>(vec4u(b[p / 4u + 1u]))); }
  return halves(elements_of_b(p, count, 0u), elements_of_b(p, count, 4u));
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

fn put_a(slice: u32, index: u32, piece: vec4u) {
  if (A_PIECES % THREADS == 0u || index < A_PIECES) { memory[slice + index / K_PIECES * A_PITCH + index % K_PIECES] = piece; }
}

fn put_b(slice: u32, index: u32, piece: vec4u) {
  if (B_PIECES % THREADS == 0u || index < B_PIECES) { memory[slice + A_SLICE + index / B_ROW * B_PITCH + index % B_ROW] = piece; }
}

fn load_left(slice: u32, k: u32, m: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&memory, slice + m * A_PITCH + k / 8u, A_PITCH);
}

fn load_right(slice: u32, k: u32, n: u32) -> Right {
  if (TRANSPOSE_B) { return subgroupMatrixLoad<Right, col_major>(&memory, slice + A_SLICE + n * B_PITCH + k / 8u, B_PITCH); }
  return subgroupMatrixLoad<Right, row_major>(&memory, slice + A_SLICE + k * B_PITCH + n / 8u, B_PITCH);
}

fn store_sum(patch_start: u32, column: u32, sum: Sum) {
  subgroupMatrixStore<row_major>(&memory, patch_start + column * SIDE_N / 4u, sum, PATCH_PITCH);
}

// Where a subgroup's part of the results goes: its patch in workgroup memory, and the place of row 0 and column 0.
struct Place { patch_start: u32, lane: u32, out_base: u32, m: u32, n: u32 }

// Results from row `first` of the part on, from the patch to `out`.
fn write_patch(place: Place, first: u32) {
  for (var e = place.lane; e < SIDE_M * PART_N; e += SUBGROUP_SIZE) {
    let row = e / PART_N;
    let column = e % PART_N;
    let m = place.m + first + row;
    let n = place.n + column;
    if (m < params.m && n < params.n) {
      let o = place.out_base + m * params.out_row + n;
      var value = params.scale * bitcast<f32>(memory[place.patch_start + row * PATCH_PITCH + column / 4u][column % 4u]);
      if (HAS_BIAS) { value += bias[n]; }
      value = activate(value);
      if (HAS_RESIDUAL) { value += residual[o]; }
      out[o] = OUT_ELEMENT(value);
    }
  }
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

  // Sums, factors and pieces have names, because what a loop indexes leaves the registers.
  var sum00 = Sum(); var sum01 = Sum(); var sum02 = Sum(); var sum03 = Sum();
  var sum10 = Sum(); var sum11 = Sum(); var sum12 = Sum(); var sum13 = Sum();
  var sum20 = Sum(); var sum21 = Sum(); var sum22 = Sum(); var sum23 = Sum();
  var sum30 = Sum(); var sum31 = Sum(); var sum32 = Sum(); var sum33 = Sum();
  var a0 = fetch_a(a_base, m0, 0u, thread);
  var a1: vec4u;
  var a2: vec4u;
  var a3: vec4u;
  if (A_LOADS > 1u) { a1 = fetch_a(a_base, m0, 0u, thread + 1u * THREADS); }
  if (A_LOADS > 2u) { a2 = fetch_a(a_base, m0, 0u, thread + 2u * THREADS); }
  if (A_LOADS > 3u) { a3 = fetch_a(a_base, m0, 0u, thread + 3u * THREADS); }
  var b0 = fetch_b(b_base, n0, 0u, thread);
  var b1: vec4u;
  var b2: vec4u;
  var b3: vec4u;
  if (B_LOADS > 1u) { b1 = fetch_b(b_base, n0, 0u, thread + 1u * THREADS); }
  if (B_LOADS > 2u) { b2 = fetch_b(b_base, n0, 0u, thread + 2u * THREADS); }
  if (B_LOADS > 3u) { b3 = fetch_b(b_base, n0, 0u, thread + 3u * THREADS); }
  var slice = 0u;
  for (var k0 = 0u; k0 < params.k; k0 += K_STEP) {
    if (STAGES == 1u) { workgroupBarrier(); }
    put_a(slice, thread, a0);
    if (A_LOADS > 1u) { put_a(slice, thread + 1u * THREADS, a1); }
    if (A_LOADS > 2u) { put_a(slice, thread + 2u * THREADS, a2); }
    if (A_LOADS > 3u) { put_a(slice, thread + 3u * THREADS, a3); }
    put_b(slice, thread, b0);
    if (B_LOADS > 1u) { put_b(slice, thread + 1u * THREADS, b1); }
    if (B_LOADS > 2u) { put_b(slice, thread + 2u * THREADS, b2); }
    if (B_LOADS > 3u) { put_b(slice, thread + 3u * THREADS, b3); }
    workgroupBarrier();
    a0 = fetch_a(a_base, m0, k0 + K_STEP, thread);
    if (A_LOADS > 1u) { a1 = fetch_a(a_base, m0, k0 + K_STEP, thread + 1u * THREADS); }
    if (A_LOADS > 2u) { a2 = fetch_a(a_base, m0, k0 + K_STEP, thread + 2u * THREADS); }
    if (A_LOADS > 3u) { a3 = fetch_a(a_base, m0, k0 + K_STEP, thread + 3u * THREADS); }
    b0 = fetch_b(b_base, n0, k0 + K_STEP, thread);
    if (B_LOADS > 1u) { b1 = fetch_b(b_base, n0, k0 + K_STEP, thread + 1u * THREADS); }
    if (B_LOADS > 2u) { b2 = fetch_b(b_base, n0, k0 + K_STEP, thread + 2u * THREADS); }
    if (B_LOADS > 3u) { b3 = fetch_b(b_base, n0, k0 + K_STEP, thread + 3u * THREADS); }
    for (var k = 0u; k < K_STEP; k += SIDE_K) {
      let left0 = load_left(slice, k, part_m);
      var left1: Left;
      var left2: Left;
      var left3: Left;
      if (SUMS_M > 1u) { left1 = load_left(slice, k, part_m + SIDE_M); }
      if (SUMS_M > 2u) {
        left2 = load_left(slice, k, part_m + 2u * SIDE_M);
        left3 = load_left(slice, k, part_m + 3u * SIDE_M);
      }
      {
        let right = load_right(slice, k, part_n);
        sum00 = subgroupMatrixMultiplyAccumulate(left0, right, sum00);
        if (SUMS_M > 1u) { sum10 = subgroupMatrixMultiplyAccumulate(left1, right, sum10); }
        if (SUMS_M > 2u) {
          sum20 = subgroupMatrixMultiplyAccumulate(left2, right, sum20);
          sum30 = subgroupMatrixMultiplyAccumulate(left3, right, sum30);
        }
      }
      if (SUMS_N > 1u) {
        let right = load_right(slice, k, part_n + 1u * SIDE_N);
        sum01 = subgroupMatrixMultiplyAccumulate(left0, right, sum01);
        if (SUMS_M > 1u) { sum11 = subgroupMatrixMultiplyAccumulate(left1, right, sum11); }
        if (SUMS_M > 2u) {
          sum21 = subgroupMatrixMultiplyAccumulate(left2, right, sum21);
          sum31 = subgroupMatrixMultiplyAccumulate(left3, right, sum31);
        }
      }
      if (SUMS_N > 2u) {
        let right = load_right(slice, k, part_n + 2u * SIDE_N);
        sum02 = subgroupMatrixMultiplyAccumulate(left0, right, sum02);
        if (SUMS_M > 1u) { sum12 = subgroupMatrixMultiplyAccumulate(left1, right, sum12); }
        if (SUMS_M > 2u) {
          sum22 = subgroupMatrixMultiplyAccumulate(left2, right, sum22);
          sum32 = subgroupMatrixMultiplyAccumulate(left3, right, sum32);
        }
      }
      if (SUMS_N > 2u) {
        let right = load_right(slice, k, part_n + 3u * SIDE_N);
        sum03 = subgroupMatrixMultiplyAccumulate(left0, right, sum03);
        if (SUMS_M > 1u) { sum13 = subgroupMatrixMultiplyAccumulate(left1, right, sum13); }
        if (SUMS_M > 2u) {
          sum23 = subgroupMatrixMultiplyAccumulate(left2, right, sum23);
          sum33 = subgroupMatrixMultiplyAccumulate(left3, right, sum33);
        }
      }
    }
    if (STAGES == 2u) { slice = SLICES - slice; }
  }

  let place = Place(subgroup * PATCH, lane, out_base, m0 + part_m, n0 + part_n);
  workgroupBarrier();
  store_sum(place.patch_start, 0u, sum00);
  if (SUMS_N > 1u) { store_sum(place.patch_start, 1u, sum01); }
  if (SUMS_N > 2u) {
    store_sum(place.patch_start, 2u, sum02);
    store_sum(place.patch_start, 3u, sum03);
  }
  workgroupBarrier();
  write_patch(place, 0u);
  if (SUMS_M > 1u) {
    workgroupBarrier();
    store_sum(place.patch_start, 0u, sum10);
    if (SUMS_N > 1u) { store_sum(place.patch_start, 1u, sum11); }
    if (SUMS_N > 2u) {
      store_sum(place.patch_start, 2u, sum12);
      store_sum(place.patch_start, 3u, sum13);
    }
    workgroupBarrier();
    write_patch(place, 1u * SIDE_M);
  }
  if (SUMS_M > 2u) {
    workgroupBarrier();
    store_sum(place.patch_start, 0u, sum20);
    if (SUMS_N > 1u) { store_sum(place.patch_start, 1u, sum21); }
    if (SUMS_N > 2u) {
      store_sum(place.patch_start, 2u, sum22);
      store_sum(place.patch_start, 3u, sum23);
    }
    workgroupBarrier();
    write_patch(place, 2u * SIDE_M);
  }
  if (SUMS_M > 2u) {
    workgroupBarrier();
    store_sum(place.patch_start, 0u, sum30);
    if (SUMS_N > 1u) { store_sum(place.patch_start, 1u, sum31); }
    if (SUMS_N > 2u) {
      store_sum(place.patch_start, 2u, sum32);
      store_sum(place.patch_start, 3u, sum33);
    }
    workgroupBarrier();
    write_patch(place, 3u * SIDE_M);
  }
}
