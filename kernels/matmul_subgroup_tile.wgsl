// matmul_subgroup_tile: out[z][m][n] = activation(scale sum_k a[z][m][k] b[z][k][n] + bias[n]) + residual[z][m][n]
//
// For drivers that run a subgroup of 16, 8 or 4 as one CPU vector (lavapipe, SwiftShader). There a load from storage costs a
// branch and an insertion for each lane, about a dozen vector multiply-adds in all, while handing one lane's value to the
// others costs one. So every value of the tile is loaded once by one lane: a lane holds 4 columns of b and, for the rows
// LANES g + lane, 4 values of a. These are handed out by `subgroupShuffle`: of 8 lanes, one instruction in llvmpipe, and
// 8 % faster than `subgroupBroadcast`; but of 4 or 16 lanes a loop, ten times slower.
//
// shapes   a [m, k], b [k, n] or [n, k], out and residual [m, n] for each of outer * inner batches; bias [n];
//          strided views as in matmul_naive.wgsl
// thread   GROUPS LANES rows x 4 columns of the output; a workgroup (one subgroup) 24 x 32, 12 x 16 with 4 lanes, or
//          32 x 64 with 16
// cost     2 m n k FLOP; 56 values are loaded for every 2 * 24 * 32 FLOP, 28 for 2 * 12 * 16, or 96 for 2 * 32 * 64
// numerics f32 accumulation in order of k; QuickGELU as in matmul_naive
// epilogue bias, residual and QuickGELU are asked for at run time, which costs nothing that can be measured: llvmpipe takes
//          0.4 s to compile a variant, and a first start waits for every one. ACTIVATION is 0, or 2 for GELU, whose code
//          alone takes 0.1 s
// versions GFLOP/s of CPU time on one core, [589, 768] x [768, 768], B transposed / not, llvmpipe (Mesa 25.0.7, AVX2,
//          3.4 GHz), Dawn's default switches:
//            matmul_register_tile: 8 x 8 outputs a lane                              5.4 /  6.3
//            one scalar of a a lane, broadcasts, 16 x 32 a workgroup                10.1 / 12.0
//            vectors of 4 k                                                         11.8 / 12.3
//            24 rows                                                                13.4 / 13.2
//            sums term by term, shuffles: this one                                  15.3 / 14.2
//            this one, f32 in place of vec4f elements of both, with a tail           10.8 / 10.7
//            this one, robustness and validation off                                15.4 / 15.4
//            this one with 4 lanes (AVX), [197, 768] x [768, 768]                   11.0 / 11.2
//            the same on SwiftShader (matmul_register_tile 1.4 / 1.3)                1.9 /  1.9
//            this one with 8 lanes / 16 lanes (AVX-512), GFLOP/s in the order above, another CPU:
//              Mesa 25.0.7 with LLVM 15, 8 lanes                                   24.4 / 25.2
//              the same, 16 lanes (0.9 s to compile a variant, not 0.4)            28.4 / 29.2
//              Mesa 26.1.6 with LLVM 19, 8 lanes                                   30.2 / 30.5
//              Mesa 26.1.6 with LLVM 19, 16 lanes                                  36.2 / 38.7
//            (ONNX Runtime 1.30, WebGPU provider                                          2.9)
// dropped  8 rows 12.5, 16 rows 14.5, 32 rows 14.6, 16 rows x 64 columns 13.1: more rows need fewer loads, but a vec4f
//          load becomes some 70 branches, and the loop presumably outgrows the CPU's branch and code caches;
//          so do 8 k a step (11.7), and loads between the sums instead of before them (7.8);
//          columns of b through workgroup memory 8.7 to 10.7: reading it costs half as much as reading storage, but
//          what lives across a barrier leaves the registers;
//          loads of a with one address for all lanes, without shuffles (4.3 times slower: each lane loads it again);
//          b's four loads in a loop, which compiles no faster (a third slower); an epilogue of scalars (8 % slower);
//          terms of 2 rows in turn 11.8; b_block times a mat4x4f 13.4; fma(): no change, the driver splits it

enable subgroups;

const TRANSPOSE_B: bool = false;
const ACTIVATION: u32 = 0u;  // 0 none, 1 QuickGELU x sigmoid(1.702 x), 2 GELU (erf)

// Elements of the bindings of a and b: vec4f where all offsets and strides are multiples of 4, so that 4 values come with
// one load, else f32. `vec4f(x)` below is a vector either way.
alias A_ELEMENT = vec4f;
alias B_ELEMENT = vec4f;
const VECTOR_A: bool = true;
const VECTOR_B: bool = true;
// With VECTOR_A, k is a multiple of 4. Without, it may end within a step; asking costs nothing that can be measured.
const K_TAIL = !VECTOR_A;

const LANES: u32 = 8u;  // the size of all subgroups: 16, 8 or 4
const GROUPS = select(3u, 2u, LANES == 16u);  // rows for which a lane loads a
const ROWS = GROUPS * LANES;
const COLUMNS = 4u * LANES;

struct Params {
  m: u32, n: u32, k: u32, inner: u32,
  a_offset: u32, a_row: u32, a_inner: u32, a_outer: u32,
  b_offset: u32, b_row: u32, b_inner: u32, b_outer: u32,
  out_offset: u32, out_row: u32, out_inner: u32, out_outer: u32,
  has_bias: u32, has_residual: u32, quick_gelu: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<A_ELEMENT>;
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

fn activate(x: vec4f) -> vec4f {
  switch ACTIVATION {
    case 1u: { return x / (1.0 + exp(min(-1.702 * x, vec4f(88.0)))); }
    case 2u: { return 0.5 * x * (1.0 + vec4f(erf(x.x * 0.70710678), erf(x.y * 0.70710678), erf(x.z * 0.70710678), erf(x.w * 0.70710678))); }
    default: { return x; }
  }
}

// Which of the four k from `k` on exist.
fn exists(k: u32) -> vec4<bool> {
  return k + vec4u(0u, 1u, 2u, 3u) < vec4u(params.k);
}

// a[row][k .. k + 3], where the row starts at `row`.
fn load_a(row: u32, k: u32) -> vec4f {
  if (VECTOR_A) { return vec4f(a[(row + k) / 4u]); }
  let p = row + k;
  let last = row + params.k - 1u;
  let values = vec4f(vec4f(a[p]).x, vec4f(a[min(p + 1u, last)]).x, vec4f(a[min(p + 2u, last)]).x, vec4f(a[min(p + 3u, last)]).x);
  return select(vec4f(), values, exists(k));
}

// 4 values that start at element p of b; x, y and z are the distances of the other three from the first.
fn load_b4(p: u32, x: u32, y: u32, z: u32) -> vec4f {
  if (VECTOR_B) { return vec4f(b[p / 4u]); }
  return vec4f(vec4f(b[p]).x, vec4f(b[p + x]).x, vec4f(b[p + y]).x, vec4f(b[p + z]).x);
}

// Column i of the result is b[k + i] at the lane's 4 columns. `starts` are the positions of these columns at k = 0.
fn load_b(starts: vec4u, k: u32) -> mat4x4f {
  let left = params.k - 1u - k;
  let step = select(vec3u(1u, 2u, 3u), min(vec3u(1u, 2u, 3u), vec3u(left)), K_TAIL);
  var columns: mat4x4f;
  if (TRANSPOSE_B) {
    let p = starts + k;
    columns = transpose(mat4x4f(
      load_b4(p.x, step.x, step.y, step.z),
      load_b4(p.y, step.x, step.y, step.z),
      load_b4(p.z, step.x, step.y, step.z),
      load_b4(p.w, step.x, step.y, step.z),
    ));
  } else {
    let p = starts.x + vec4u(k, k + step) * params.b_row;
    let d = starts - starts.x;
    columns = mat4x4f(load_b4(p.x, d.y, d.z, d.w), load_b4(p.y, d.y, d.z, d.w), load_b4(p.z, d.y, d.z, d.w), load_b4(p.w, d.y, d.z, d.w));
  }
  if (K_TAIL) {
    let here = exists(k);
    for (var i = 1u; i < 4u; i++) { columns[i] = select(vec4f(), columns[i], here[i]); }
  }
  return columns;
}

// sum + b values, row by row: values[i] holds 4 consecutive a of row i. One sum after the other, and term after term, is
// what keeps a CPU's few vector registers sufficient.
fn accumulate(sum: mat4x4f, b_block: mat4x4f, values: mat4x4f) -> mat4x4f {
  return mat4x4f(
    sum[0] + b_block[0] * values[0].x + b_block[1] * values[0].y + b_block[2] * values[0].z + b_block[3] * values[0].w,
    sum[1] + b_block[0] * values[1].x + b_block[1] * values[1].y + b_block[2] * values[1].z + b_block[3] * values[1].w,
    sum[2] + b_block[0] * values[2].x + b_block[1] * values[2].y + b_block[2] * values[2].z + b_block[3] * values[2].w,
    sum[3] + b_block[0] * values[3].x + b_block[1] * values[3].y + b_block[2] * values[3].z + b_block[3] * values[3].w,
  );
}

// The vectors of lanes first .. first + 3.
fn four_lanes(v: vec4f, first: u32) -> mat4x4f {
  if (LANES == 8u) {
    return mat4x4f(subgroupShuffle(v, first), subgroupShuffle(v, first + 1u), subgroupShuffle(v, first + 2u), subgroupShuffle(v, first + 3u));
  }
  switch first {
    case 0u: { return mat4x4f(subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u), subgroupBroadcast(v, 2u), subgroupBroadcast(v, 3u)); }
    case 4u: { return mat4x4f(subgroupBroadcast(v, 4u), subgroupBroadcast(v, 5u), subgroupBroadcast(v, 6u), subgroupBroadcast(v, 7u)); }
    case 8u: { return mat4x4f(subgroupBroadcast(v, 8u), subgroupBroadcast(v, 9u), subgroupBroadcast(v, 10u), subgroupBroadcast(v, 11u)); }
    default: { return mat4x4f(subgroupBroadcast(v, 12u), subgroupBroadcast(v, 13u), subgroupBroadcast(v, 14u), subgroupBroadcast(v, 15u)); }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let outer = workgroup.z / params.inner;
  let inner = workgroup.z % params.inner;
  let m0 = workgroup.y * ROWS;
  let n0 = workgroup.x * COLUMNS + lane * 4u;

  // Rows and columns beyond the edge repeat the last one and are not written.
  let a_base = params.a_offset + outer * params.a_outer + inner * params.a_inner;
  let row0 = a_base + min(m0 + lane, params.m - 1u) * params.a_row;
  let row1 = a_base + min(m0 + LANES + lane, params.m - 1u) * params.a_row;
  let row2 = a_base + min(m0 + 2u * LANES + lane, params.m - 1u) * params.a_row;
  let column = min(n0 + vec4u(0u, 1u, 2u, 3u), vec4u(params.n - 1u));
  let starts = params.b_offset + outer * params.b_outer + inner * params.b_inner + column * select(1u, params.b_row, TRANSPOSE_B);

  // Four rows each, in order of the groups and their lanes, at the lane's 4 columns.
  var sum0 = mat4x4f();
  var sum1 = mat4x4f();
  var sum2 = mat4x4f();
  var sum3 = mat4x4f();
  var sum4 = mat4x4f();
  var sum5 = mat4x4f();
  var sum6 = mat4x4f();
  var sum7 = mat4x4f();
  for (var k = 0u; k < params.k; k += 4u) {
    let b_block = load_b(starts, k);
    let a0 = load_a(row0, k);
    let a1 = load_a(row1, k);
    if (LANES == 16u) {
      sum0 = accumulate(sum0, b_block, four_lanes(a0, 0u));
      sum1 = accumulate(sum1, b_block, four_lanes(a0, 4u));
      sum2 = accumulate(sum2, b_block, four_lanes(a0, 8u));
      sum3 = accumulate(sum3, b_block, four_lanes(a0, 12u));
      sum4 = accumulate(sum4, b_block, four_lanes(a1, 0u));
      sum5 = accumulate(sum5, b_block, four_lanes(a1, 4u));
      sum6 = accumulate(sum6, b_block, four_lanes(a1, 8u));
      sum7 = accumulate(sum7, b_block, four_lanes(a1, 12u));
    } else {
      let a2 = load_a(row2, k);
      sum0 = accumulate(sum0, b_block, four_lanes(a0, 0u));
      if (LANES == 8u) { sum1 = accumulate(sum1, b_block, four_lanes(a0, 4u)); }
      sum2 = accumulate(sum2, b_block, four_lanes(a1, 0u));
      if (LANES == 8u) { sum3 = accumulate(sum3, b_block, four_lanes(a1, 4u)); }
      sum4 = accumulate(sum4, b_block, four_lanes(a2, 0u));
      if (LANES == 8u) { sum5 = accumulate(sum5, b_block, four_lanes(a2, 4u)); }
    }
  }

  // A loop over an array keeps the epilogue's code short; unrolled, it would take seconds to compile.
  var rows = array<vec4f, 32>(
    sum0[0], sum0[1], sum0[2], sum0[3], sum1[0], sum1[1], sum1[2], sum1[3],
    sum2[0], sum2[1], sum2[2], sum2[3], sum3[0], sum3[1], sum3[2], sum3[3],
    sum4[0], sum4[1], sum4[2], sum4[3], sum5[0], sum5[1], sum5[2], sum5[3],
    sum6[0], sum6[1], sum6[2], sum6[3], sum7[0], sum7[1], sum7[2], sum7[3],
  );
  var bias4 = vec4f();
  if (params.has_bias == 1u) { bias4 = vec4f(bias[column.x], bias[column.y], bias[column.z], bias[column.w]); }
  let out_base = params.out_offset + outer * params.out_outer + inner * params.out_inner + n0;
  let rows_here = min(ROWS, params.m - m0);
  for (var row = 0u; row < rows_here; row++) {
    var value = activate(params.scale * rows[row / LANES * max(LANES, 8u) + row % LANES] + bias4);
    if (params.quick_gelu == 1u) { value /= 1.0 + exp(min(-1.702 * value, vec4f(88.0))); }
    let o = out_base + (m0 + row) * params.out_row;
    for (var i = 0u; i < 4u; i++) {
      if (n0 + i < params.n) {
        if (params.has_residual == 1u) { out[o + i] = value[i] + residual[o + i]; } else { out[o + i] = value[i]; }
      }
    }
  }
}
