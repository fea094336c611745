// matmul_register_block: out[z][m][n] = activation(scale sum_k a[z][m][k] b[z][k][n] + bias[n]) + residual[z][m][n]
//
// For GPUs. A workgroup copies a slice of its rows of a and its columns of b, K_STEP deep, into workgroup memory; each
// invocation multiplies 8 rows by 8 columns of it in registers (or 4, see the constants). Both slices are kept as
// vectors of 4 along k, so that all loads and stores move 16 bytes and nothing is rearranged on the way (but b where it
// comes as [k, n]: a 4 x 4 block is transposed in registers). While a slice is multiplied, the next one is on its way
// from storage to registers.
//
// Who takes what: rows THREADS_Y apart and columns THREADS_X apart, so that at each step neighbours read neighbouring
// vectors of a slice, whose rows are an odd number of vectors long: no two hit the same memory bank. 32 invocations
// cover 4 x 8 of such positions. They are numbered down pairs of rows, then to the right: invocations i
// and i ^ 1 then read the same b, i and i ^ 2 the same a, which is what lets NVIDIA's hardware serve 128-bit reads of
// 16 of them at a time instead of 8. Stores of 8 neighbours fill a 32-byte sector.
//
// Few tiles leave a large GPU idle. With SPLITS of 2 or 4, as many groups of invocations share a tile, each summing its
// part of every slice, and the first adds the parts at the end.
//
// shapes   a [m, k], b [k, n] or [n, k], out and residual [m, n] for each of outer * inner batches; bias [n];
//          strided views as in matmul_naive.wgsl
// thread   THREAD_ROWS x THREAD_COLUMNS outputs; a workgroup makes THREAD_ROWS THREADS_Y rows x
//          THREAD_COLUMNS THREADS_X columns
// cost     2 m n k FLOP; 16 vectors read from workgroup memory for 256 FMA (8 x 8), 12 for 128 (8 x 4); from storage,
//          16 FLOP for every byte with a tile of 64 x 64, 32 with 128 x 128
// numerics f32 accumulation in order of k (SPLITS = 1), or SPLITS sums of which each is in order of k; QuickGELU as in
//          matmul_naive
// versions GFLOP/s on an NVIDIA H200 (driver 580.159.04, Dawn's bench profile, which has no robust access), medians of 7;
//          [m, k] x [k, n] transposed, with bias and residual; `bench -- tune` prints more products and checks results:
//                                   1182, 3072, 768   1182, 768, 3072   589, 768, 768   197, 768, 768   (m, n, k)
//            scalar slices, 64 x 64           17980             11079            8279            2580
//            the same, 32 x 32                10420              7117            5501            1821
//            64 x 64, 8 x 8                   27488             25700           12948            4341
//            64 x 64, 8 x 4                 * 30790           * 24909           19849            6679
//            64 x 64, 8 x 8, split 2, k 32    26185             28308           21456            7220
//            32 x 64, 8 x 8, split 4, k 32    24565             17537         * 19679         * 10426
//            32 x 32, 4 x 4                   27339             24075           20026           10813
//          * what the table of discrete GPUs takes. The first two were matmul_shared_tile, which this replaced: 12 values
//          read one by one for 32 FMA, 16 cycles of loads against 8 of FMA.
// dropped  (same card, same products where two are given) 128 x 64: 19205 and 22948, 128 x 128: 26252 and 13955, too few
//          workgroups; a second pair of slices, for one barrier a step instead of two: 24563 and 25665 with 64 x 64, for
//          twice the memory; invocations numbered along rows instead of in pairs: 2 to 8 % slower; k 8: 21944 and 23401;
//          32 x 32 split in 2: 23082 and 22267

const TRANSPOSE_B: bool = false;
const HAS_BIAS: bool = false;
const HAS_RESIDUAL: bool = false;
const ACTIVATION: u32 = 0u;  // 0 none, 1 QuickGELU x sigmoid(1.702 x), 2 GELU (erf)

// As in matmul_subgroup_tile.wgsl: vec4f where all rows start at multiples of 4 elements, else f32. b may be of f16.
alias A_ELEMENT = vec4f;
alias B_ELEMENT = vec4f;
const VECTOR_A: bool = true;
const VECTOR_B: bool = true;
const K_TAIL: bool = true;  // k is not a multiple of K_STEP

const THREADS_X: u32 = 16u;      // multiple of 8
const THREADS_Y: u32 = 8u;       // multiple of 4
const THREAD_ROWS: u32 = 8u;     // 4 or 8
const THREAD_COLUMNS: u32 = 4u;  // 4 or 8
const K_STEP: u32 = 16u;         // multiple of 4 SPLITS
const SPLITS: u32 = 1u;          // 1, 2 or 4

const TILE_THREADS = THREADS_X * THREADS_Y;
const THREADS = SPLITS * TILE_THREADS;
const ROWS = THREAD_ROWS * THREADS_Y;
const COLUMNS = THREAD_COLUMNS * THREADS_X;
const DEPTH = K_STEP / 4u;
const PITCH = DEPTH | 1u;

// Vectors that an invocation copies of each slice, at most 4, and the distance of their rows.
const A_COPIES = ROWS * DEPTH / THREADS;
const B_COPIES = select(4u, COLUMNS * DEPTH / THREADS, TRANSPOSE_B);
const COPY_ROWS = THREADS / DEPTH;

// Distances in `slices` of the rows and columns of one invocation, and where its second four begin.
const A_ROW = THREADS_Y * PITCH;
const B_ROW = THREADS_X * PITCH;
const LOW = THREAD_ROWS - 4u;
const FAR = THREAD_COLUMNS - 4u;

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
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

// Rows of a, then columns of b: vector (row, k / 4) at row PITCH + k / 4.
var<workgroup> slices: array<vec4f, (ROWS + COLUMNS) * PITCH>;

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

// a[row][k .. k + 3], where the row starts at `row`; zero beyond the end.
fn load_a(row: u32, k: u32) -> vec4f {
  if (K_TAIL && k >= params.k) { return vec4f(); }
  if (VECTOR_A) { return vec4f(a[(row + k) / 4u]); }
  var p = k + vec4u(0u, 1u, 2u, 3u);
  if (K_TAIL) { p = min(p, vec4u(params.k - 1u)); }
  p += row;
  let values = vec4f(vec4f(a[p.x]).x, vec4f(a[p.y]).x, vec4f(a[p.z]).x, vec4f(a[p.w]).x);
  if (K_TAIL) { return select(vec4f(), values, exists(k)); }
  return values;
}

// The same of b's column that starts at `column`, where b is transposed.
fn load_b_transposed(column: u32, k: u32) -> vec4f {
  if (K_TAIL && k >= params.k) { return vec4f(); }
  if (VECTOR_B) { return vec4f(vec4(b[(column + k) / 4u])); }
  var p = k + vec4u(0u, 1u, 2u, 3u);
  if (K_TAIL) { p = min(p, vec4u(params.k - 1u)); }
  p += column;
  let values = vec4f(vec4f(vec4(b[p.x])).x, vec4f(vec4(b[p.y])).x, vec4f(vec4(b[p.z])).x, vec4f(vec4(b[p.w])).x);
  if (K_TAIL) { return select(vec4f(), values, exists(k)); }
  return values;
}

// b[k] at the columns that start at `columns`, where it is not.
fn load_b_row(columns: vec4u, k: u32) -> vec4f {
  if (K_TAIL && k >= params.k) { return vec4f(); }
  let p = columns + k * params.b_row;
  if (VECTOR_B) { return vec4f(vec4(b[p.x / 4u])); }
  return vec4f(vec4f(vec4(b[p.x])).x, vec4f(vec4(b[p.y])).x, vec4f(vec4(b[p.z])).x, vec4f(vec4(b[p.w])).x);
}

// What an invocation copies of a slice: vectors along k, one a column.
fn fetch_a(starts: vec4u, k: u32) -> mat4x4f {
  var vectors: mat4x4f;
  vectors[0] = load_a(starts.x, k);
  if (A_COPIES > 1u) { vectors[1] = load_a(starts.y, k); }
  if (A_COPIES > 2u) { vectors[2] = load_a(starts.z, k); }
  if (A_COPIES > 3u) { vectors[3] = load_a(starts.w, k); }
  return vectors;
}

fn fetch_b(starts: vec4u, k: u32) -> mat4x4f {
  if (!TRANSPOSE_B) {
    return transpose(mat4x4f(
      load_b_row(starts, k), load_b_row(starts, k + 1u), load_b_row(starts, k + 2u), load_b_row(starts, k + 3u),
    ));
  }
  var vectors: mat4x4f;
  vectors[0] = load_b_transposed(starts.x, k);
  if (B_COPIES > 1u) { vectors[1] = load_b_transposed(starts.y, k); }
  if (B_COPIES > 2u) { vectors[2] = load_b_transposed(starts.z, k); }
  if (B_COPIES > 3u) { vectors[3] = load_b_transposed(starts.w, k); }
  return vectors;
}

fn store(p: u32, step: u32, count: u32, vectors: mat4x4f) {
  slices[p] = vectors[0];
  if (count > 1u) { slices[p + step] = vectors[1]; }
  if (count > 2u) { slices[p + 2u * step] = vectors[2]; }
  if (count > 3u) { slices[p + 3u * step] = vectors[3]; }
}

// sum + the products of four k: column i of b_block is b[k + i] at four columns, `values` is a[k .. k + 3] of one row.
fn add(sum: vec4f, b_block: mat4x4f, values: vec4f) -> vec4f {
  let two = fma(b_block[1], vec4f(values.y), fma(b_block[0], vec4f(values.x), sum));
  return fma(b_block[3], vec4f(values.w), fma(b_block[2], vec4f(values.z), two));
}

fn add_rows(sum: mat4x4f, b_block: mat4x4f, rows: mat4x4f) -> mat4x4f {
  return mat4x4f(
    add(sum[0], b_block, rows[0]), add(sum[1], b_block, rows[1]),
    add(sum[2], b_block, rows[2]), add(sum[3], b_block, rows[3]),
  );
}

// The sum of all parts, in those invocations that have part 0.
fn add_parts(sum: mat4x4f, part: u32, thread: u32) -> mat4x4f {
  var total = sum;
  for (var other = 1u; other < SPLITS; other++) {
    workgroupBarrier();
    if (part == other) { store(thread, TILE_THREADS, 4u, sum); }
    workgroupBarrier();
    if (part == 0u) {
      for (var i = 0u; i < 4u; i++) { total[i] += slices[thread + i * TILE_THREADS]; }
    }
  }
  return total;
}

// activation(scale sum + bias) + residual of one row at four columns; beyond the edges, of the last ones.
fn finish(sum: vec4f, row: u32, columns: vec4u, bias4: vec4f, base: u32) -> vec4f {
  let value = activate(params.scale * sum + bias4);
  if (!HAS_RESIDUAL) { return value; }
  let o = base + min(row, params.m - 1u) * params.out_row + columns;
  return value + vec4f(residual[o.x], residual[o.y], residual[o.z], residual[o.w]);
}

fn finish_rows(sums: mat4x4f, row: u32, n: u32, base: u32) -> mat4x4f {
  let columns = min(n + vec4u(0u, 1u, 2u, 3u) * THREADS_X, vec4u(params.n - 1u));
  var bias4 = vec4f();
  if (HAS_BIAS) { bias4 = vec4f(bias[columns.x], bias[columns.y], bias[columns.z], bias[columns.w]); }
  return mat4x4f(
    finish(sums[0], row, columns, bias4, base),
    finish(sums[1], row + THREADS_Y, columns, bias4, base),
    finish(sums[2], row + 2u * THREADS_Y, columns, bias4, base),
    finish(sums[3], row + 3u * THREADS_Y, columns, bias4, base),
  );
}

fn write_row(values: vec4f, row: u32, n: u32, base: u32) {
  if (row >= params.m) { return; }
  let o = base + row * params.out_row + n;
  if (n < params.n) { out[o] = values.x; }
  if (n + THREADS_X < params.n) { out[o + THREADS_X] = values.y; }
  if (n + 2u * THREADS_X < params.n) { out[o + 2u * THREADS_X] = values.z; }
  if (n + 3u * THREADS_X < params.n) { out[o + 3u * THREADS_X] = values.w; }
}

fn write_rows(values: mat4x4f, row: u32, n: u32, base: u32) {
  write_row(values[0], row, n, base);
  write_row(values[1], row + THREADS_Y, n, base);
  write_row(values[2], row + 2u * THREADS_Y, n, base);
  write_row(values[3], row + 3u * THREADS_Y, n, base);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let outer = workgroup.z / params.inner;
  let inner = workgroup.z % params.inner;
  let a_base = params.a_offset + outer * params.a_outer + inner * params.a_inner;
  let b_base = params.b_offset + outer * params.b_outer + inner * params.b_inner;
  let out_base = params.out_offset + outer * params.out_outer + inner * params.out_inner;
  let m0 = workgroup.y * ROWS;
  let n0 = workgroup.x * COLUMNS;

  // What this invocation copies. Rows and columns beyond the edge repeat the last one and are not written.
  let copy_row = thread / DEPTH;
  let copy_vector = thread % DEPTH;
  let copy_rows = copy_row + vec4u(0u, 1u, 2u, 3u) * COPY_ROWS;
  let a_starts = a_base + min(m0 + copy_rows, vec4u(params.m - 1u)) * params.a_row;
  let a_slot = copy_row * PITCH + copy_vector;
  var b_starts = b_base + min(n0 + copy_rows, vec4u(params.n - 1u)) * params.b_row;
  var b_slot = a_slot;
  var b_vector = copy_vector;
  if (!TRANSPOSE_B) {
    let column = thread % (COLUMNS / 4u) * 4u;
    b_vector = thread / (COLUMNS / 4u);
    b_starts = b_base + min(n0 + column + vec4u(0u, 1u, 2u, 3u), vec4u(params.n - 1u));
    if (VECTOR_B) { b_starts.x = b_base + min(n0 + column, params.n - 4u); }
    b_slot = column * PITCH + b_vector;
  }
  let copies_b = TRANSPOSE_B || b_vector < DEPTH;
  let b_slot_step = select(PITCH, COPY_ROWS * PITCH, TRANSPOSE_B);

  // What it multiplies.
  let part = thread / TILE_THREADS;
  let tile_thread = thread % TILE_THREADS;
  let lane = tile_thread % 32u;
  let group = tile_thread / 32u;
  let lane_x = lane / 2u % 8u;
  let lane_y = lane / 16u * 2u + lane % 2u;
  let x = min(group % (THREADS_X / 8u) * 8u + lane_x, THREADS_X - 1u);
  let y = min(group / (THREADS_X / 8u) * 4u + lane_y, THREADS_Y - 1u);

  var top_left = mat4x4f();
  var top_right = mat4x4f();
  var bottom_left = mat4x4f();
  var bottom_right = mat4x4f();
  var next_a = mat4x4f();
  var next_b = mat4x4f();
  if (params.k > 0u) {
    next_a = fetch_a(a_starts, 4u * copy_vector);
    if (copies_b) { next_b = fetch_b(b_starts, 4u * b_vector); }
  }
  for (var k0 = 0u; k0 < params.k; k0 += K_STEP) {
    store(a_slot, COPY_ROWS * PITCH, A_COPIES, next_a);
    if (copies_b) { store(ROWS * PITCH + b_slot, b_slot_step, B_COPIES, next_b); }
    workgroupBarrier();
    let k1 = k0 + K_STEP;
    if (k1 < params.k) {
      next_a = fetch_a(a_starts, k1 + 4u * copy_vector);
      if (copies_b) { next_b = fetch_b(b_starts, k1 + 4u * b_vector); }
    }
    // Written out here, where Dawn can see that no index leaves the array; in functions each would be clamped.
    let p = y * PITCH + part * (DEPTH / SPLITS);
    let q = (ROWS + x) * PITCH + part * (DEPTH / SPLITS);
    for (var i = 0u; i < DEPTH / SPLITS; i++) {
      let b_left = transpose(mat4x4f(
        slices[q + i], slices[q + i + B_ROW], slices[q + i + 2u * B_ROW], slices[q + i + 3u * B_ROW],
      ));
      let a_top = mat4x4f(
        slices[p + i], slices[p + i + A_ROW], slices[p + i + 2u * A_ROW], slices[p + i + 3u * A_ROW],
      );
      top_left = add_rows(top_left, b_left, a_top);
      var b_right: mat4x4f;
      if (THREAD_COLUMNS == 8u) {
        b_right = transpose(mat4x4f(
          slices[q + i + FAR * B_ROW], slices[q + i + (FAR + 1u) * B_ROW],
          slices[q + i + (FAR + 2u) * B_ROW], slices[q + i + (FAR + 3u) * B_ROW],
        ));
        top_right = add_rows(top_right, b_right, a_top);
      }
      if (THREAD_ROWS == 8u) {
        let a_bottom = mat4x4f(
          slices[p + i + LOW * A_ROW], slices[p + i + (LOW + 1u) * A_ROW],
          slices[p + i + (LOW + 2u) * A_ROW], slices[p + i + (LOW + 3u) * A_ROW],
        );
        bottom_left = add_rows(bottom_left, b_left, a_bottom);
        if (THREAD_COLUMNS == 8u) { bottom_right = add_rows(bottom_right, b_right, a_bottom); }
      }
    }
    workgroupBarrier();
  }

  if (SPLITS > 1u) {
    top_left = add_parts(top_left, part, tile_thread);
    if (THREAD_COLUMNS == 8u) { top_right = add_parts(top_right, part, tile_thread); }
    if (THREAD_ROWS == 8u) { bottom_left = add_parts(bottom_left, part, tile_thread); }
    if (THREAD_ROWS == 8u && THREAD_COLUMNS == 8u) { bottom_right = add_parts(bottom_right, part, tile_thread); }
    if (part != 0u) { return; }
  }

  // All residuals are asked for before the first store, so that they are waited for once.
  let row = m0 + y;
  let bottom = row + 4u * THREADS_Y;
  let left = n0 + x;
  let right = left + 4u * THREADS_X;
  top_left = finish_rows(top_left, row, left, out_base);
  if (THREAD_COLUMNS == 8u) { top_right = finish_rows(top_right, row, right, out_base); }
  if (THREAD_ROWS == 8u) { bottom_left = finish_rows(bottom_left, bottom, left, out_base); }
  if (THREAD_ROWS == 8u && THREAD_COLUMNS == 8u) { bottom_right = finish_rows(bottom_right, bottom, right, out_base); }
  write_rows(top_left, row, left, out_base);
  if (THREAD_COLUMNS == 8u) { write_rows(top_right, row, right, out_base); }
  if (THREAD_ROWS == 8u) { write_rows(bottom_left, bottom, left, out_base); }
  if (THREAD_ROWS == 8u && THREAD_COLUMNS == 8u) { write_rows(bottom_right, bottom, right, out_base); }
}
