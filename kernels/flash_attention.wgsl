// flash_attention: out[z][i] = sum_j softmax_j(scale left[z][i] . right[z][j]) values[z][j]
//
// Attention whose weights nobody wants to see: a workgroup takes 32 queries and goes through the keys 64 at a time. It
// multiplies, keeps the weights of this tile in workgroup memory, multiplies them with the values and goes on; the
// [m, n] weights of a head never lie in storage. The same as matmul, softmax and matmul one after the other, which are
// the version to read first.
//
// The softmax is the online one (Milakov and Gimelshein 2018; Dao et al. 2022, algorithm 1): the largest logit so far is
// subtracted before the exponential; where a tile has a larger one, what was summed is multiplied by
// exp(before - after). The division by the sum comes at the end.
//
// shapes   left [m, D], right and values [n, D], out [m, D] for each of outer * inner batches; D = 4 vectors, at most 64;
//          strided views as in matmul_naive.wgsl, all strides multiples of 4 (bound as vectors), n at least 1
// skip     the values of the first `skip` keys count as 0, though these keys have their weight
// causal   where `causal` is 1, query i sees keys 0 .. i; tiles that nobody sees are left out
// thread   4 queries, 8 apart, by 4 keys, 16 apart, of each tile, then the same queries by 4 channels; numbered as in
//          matmul_register_block, slices as there, the next one on its way meanwhile. A thread's 4 weights of a query are
//          one vector, so vector x holds keys x, x + 16, x + 32 and x + 48: the values are copied in that order.
// cost     4 m n D FLOP, m n exponentials; 4 D (2 m + 2 n m / 32) bytes, most of them from a cache; 8 vectors read
//          from workgroup memory for 64 FMA, as with 4 x 4 outputs in matmul_register_block
// numerics f32; products in order of channels, weights in order of tiles. A weight is off by what exp is off and by one
//          rounding for each tile behind it.
// versions Adapters with a GPU take it for its launches, one instead of three, and its memory, no [m, n]; not run on a GPU
//          yet. A CPU adapter takes the three ops, whose products share operands by shuffles instead of workgroup memory:
//          CPU time on lavapipe, 12 heads of 64 channels, medians of 5:
//                                 589 tokens   6 x 197 tokens
//            this                     394 ms           325 ms
//            the three ops             91 ms            65 ms
// dropped  the width as a constant, for loops that drivers unroll: llvmpipe compiled each width for half a minute

alias OUT_ELEMENT = vec4f;  // or vec4<f16>, for a factor of a product in half precision

const THREADS_X = 16u;
const THREADS_Y = 8u;
const THREADS = 128u;
const ROWS = 32u;     // queries of a workgroup, 4 a thread
const COLUMNS = 64u;  // keys of a tile, 4 a thread

// Slices of queries and keys are 4 vectors deep, those of values 16 keys.
const DEPTH = 4u;
const PITCH = 5u;
const VALUE_ROWS = 16u;
const VALUE_PITCH = 17u;
const WEIGHT_PITCH = 17u;

struct Params {
  m: u32, n: u32, vectors: u32, causal: u32, skip: u32, inner: u32,
  left_offset: u32, left_row: u32, left_inner: u32, left_outer: u32,
  right_offset: u32, right_row: u32, right_inner: u32, right_outer: u32,
  values_offset: u32, values_row: u32, values_inner: u32, values_outer: u32,
  out_offset: u32, out_row: u32, out_inner: u32, out_outer: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<vec4f>;
@group(0) @binding(2) var<storage, read> right: array<vec4f>;
@group(0) @binding(3) var<storage, read> values: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<OUT_ELEMENT>;

const LOWEST = -3.4028234e38;

// Rows of queries, then of keys: vector (row, v) at row PITCH + v. Or rows of values. Or what threads tell each other.
var<workgroup> slices: array<vec4f, (ROWS + COLUMNS) * PITCH>;
var<workgroup> weights: array<vec4f, ROWS * WEIGHT_PITCH>;

fn load_left(start: u32, vector: u32) -> vec4f {
  if (vector >= params.vectors) { return vec4f(); }
  return left[start / 4u + vector];
}

fn load_right(start: u32, vector: u32) -> vec4f {
  if (vector >= params.vectors) { return vec4f(); }
  return right[start / 4u + vector];
}

// Vector `vector` of row `row` of slice `slice` of the values of the tile that begins at key n0.
fn load_value(base: u32, n0: u32, slice: u32, row: u32, vector: u32) -> vec4f {
  let key = min(n0 + row % 4u * THREADS_X + 4u * slice + row / 4u, params.n - 1u);
  if (vector >= params.vectors || key < params.skip) { return vec4f(); }
  return values[(base + key * params.values_row) / 4u + vector];
}

// What a thread copies of a slice of values: 8 threads share a row, each takes every eighth vector.
fn fetch_values(base: u32, n0: u32, slice: u32, thread: u32) -> mat2x4f {
  let row = thread / 8u;
  let vector = thread % 8u;
  return mat2x4f(load_value(base, n0, slice, row, vector), load_value(base, n0, slice, row, vector + 8u));
}

fn store_values(thread: u32, vectors: mat2x4f) {
  let p = thread / 8u * VALUE_PITCH + thread % 8u;
  slices[p] = vectors[0];
  slices[p + 8u] = vectors[1];
}

// sum + block factors, column by column.
fn add(sum: vec4f, block: mat4x4f, factors: vec4f) -> vec4f {
  let two = fma(block[1], vec4f(factors.y), fma(block[0], vec4f(factors.x), sum));
  return fma(block[3], vec4f(factors.w), fma(block[2], vec4f(factors.z), two));
}

fn add_rows(sum: mat4x4f, block: mat4x4f, rows: mat4x4f) -> mat4x4f {
  return mat4x4f(
    add(sum[0], block, rows[0]), add(sum[1], block, rows[1]), add(sum[2], block, rows[2]), add(sum[3], block, rows[3]),
  );
}

fn scale_rows(rows: mat4x4f, factors: vec4f) -> mat4x4f {
  return mat4x4f(rows[0] * factors.x, rows[1] * factors.y, rows[2] * factors.z, rows[3] * factors.w);
}

// Which of the keys n, n + 16, n + 32, n + 48 a query sees.
fn seen(query: u32, n: u32) -> vec4<bool> {
  let keys = n + vec4u(0u, 1u, 2u, 3u) * THREADS_X;
  return keys < vec4u(select(params.n, min(params.n, query + 1u), params.causal == 1u));
}

// Of the 16 vectors from p on, which as many threads have left there.
fn largest_of(p: u32) -> vec4f {
  var most = slices[p];
  for (var other = 1u; other < THREADS_X; other++) { most = max(most, slices[p + other]); }
  return most;
}

fn sum_of(p: u32) -> vec4f {
  var sum = slices[p];
  for (var other = 1u; other < THREADS_X; other++) { sum += slices[p + other]; }
  return sum;
}

fn largest(x: vec4f) -> f32 { return max(max(x.x, x.y), max(x.z, x.w)); }

fn weigh(logits: vec4f, most: f32, is_seen: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(min(logits - most, vec4f())), is_seen);
}

fn write_row(row: u32, base: u32, vector: u32, result: vec4f) {
  if (row < params.m && vector < params.vectors) { out[(base + row * params.out_row) / 4u + vector] = OUT_ELEMENT(result); }
}

fn write_rows(row: u32, base: u32, vector: u32, results: mat4x4f) {
  write_row(row, base, vector, results[0]);
  write_row(row + THREADS_Y, base, vector, results[1]);
  write_row(row + 2u * THREADS_Y, base, vector, results[2]);
  write_row(row + 3u * THREADS_Y, base, vector, results[3]);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let outer = workgroup.z / params.inner;
  let inner = workgroup.z % params.inner;
  let left_base = params.left_offset + outer * params.left_outer + inner * params.left_inner;
  let right_base = params.right_offset + outer * params.right_outer + inner * params.right_inner;
  let values_base = params.values_offset + outer * params.values_outer + inner * params.values_inner;
  let out_base = params.out_offset + outer * params.out_outer + inner * params.out_inner;
  let m0 = workgroup.x * ROWS;
  let end = select(params.n, min(params.n, m0 + ROWS), params.causal == 1u);

  // What this invocation copies: a vector of a query and of two keys.
  let copy_row = thread / DEPTH;
  let copy_vector = thread % DEPTH;
  let slot = copy_row * PITCH + copy_vector;
  let left_start = left_base + min(m0 + copy_row, params.m - 1u) * params.left_row;

  // What it multiplies.
  let lane = thread % 32u;
  let group = thread / 32u;
  let x = min(group % 2u * 8u + lane / 2u % 8u, THREADS_X - 1u);
  let y = min(group / 2u * 4u + lane / 16u * 2u + lane % 2u, THREADS_Y - 1u);
  let queries = m0 + y + vec4u(0u, 1u, 2u, 3u) * THREADS_Y;

  let slice_count = (params.vectors + DEPTH - 1u) / DEPTH;
  var sums = mat4x4f();  // of the values: 4 queries, channels 4 x .. 4 x + 3
  var total = vec4f();  // of the weights of this thread's keys, by query
  var most = vec4f(LOWEST);

  for (var n0 = 0u; n0 < end; n0 += COLUMNS) {
    let first_start = right_base + min(n0 + copy_row, params.n - 1u) * params.right_row;
    let second_start = right_base + min(n0 + copy_row + ROWS, params.n - 1u) * params.right_row;
    var next_query = load_left(left_start, copy_vector);
    var next_first = load_right(first_start, copy_vector);
    var next_second = load_right(second_start, copy_vector);
    var next_values = mat2x4f();
    var logits = mat4x4f();
    for (var slice = 0u; slice < slice_count; slice++) {
      slices[slot] = next_query;
      slices[slot + ROWS * PITCH] = next_first;
      slices[slot + 2u * ROWS * PITCH] = next_second;
      workgroupBarrier();
      if (slice + 1u < slice_count) {
        let vector = (slice + 1u) * DEPTH + copy_vector;
        next_query = load_left(left_start, vector);
        next_first = load_right(first_start, vector);
        next_second = load_right(second_start, vector);
      } else {
        next_values = fetch_values(values_base, n0, 0u, thread);
      }
      let p = y * PITCH;
      let q = (ROWS + x) * PITCH;
      for (var i = 0u; i < DEPTH; i++) {
        let keys = transpose(mat4x4f(
          slices[q + i], slices[q + i + THREADS_X * PITCH],
          slices[q + i + 2u * THREADS_X * PITCH], slices[q + i + 3u * THREADS_X * PITCH],
        ));
        let rows = mat4x4f(
          slices[p + i], slices[p + i + THREADS_Y * PITCH],
          slices[p + i + 2u * THREADS_Y * PITCH], slices[p + i + 3u * THREADS_Y * PITCH],
        );
        logits = add_rows(logits, keys, rows);
      }
      workgroupBarrier();
    }

    let n = n0 + x;
    let seen0 = seen(queries.x, n);
    let seen1 = seen(queries.y, n);
    let seen2 = seen(queries.z, n);
    let seen3 = seen(queries.w, n);
    logits *= params.scale;
    slices[y * THREADS_X + x] = vec4f(
      largest(select(vec4f(LOWEST), logits[0], seen0)), largest(select(vec4f(LOWEST), logits[1], seen1)),
      largest(select(vec4f(LOWEST), logits[2], seen2)), largest(select(vec4f(LOWEST), logits[3], seen3)),
    );
    workgroupBarrier();
    let before = most;
    most = max(most, largest_of(y * THREADS_X));
    let tile_weights = mat4x4f(
      weigh(logits[0], most.x, seen0), weigh(logits[1], most.y, seen1),
      weigh(logits[2], most.z, seen2), weigh(logits[3], most.w, seen3),
    );
    let shrink = exp(before - most);
    total = total * shrink + transpose(tile_weights) * vec4f(1.0);
    sums = scale_rows(sums, shrink);
    let w = y * WEIGHT_PITCH;
    weights[w + x] = tile_weights[0];
    weights[w + x + THREADS_Y * WEIGHT_PITCH] = tile_weights[1];
    weights[w + x + 2u * THREADS_Y * WEIGHT_PITCH] = tile_weights[2];
    weights[w + x + 3u * THREADS_Y * WEIGHT_PITCH] = tile_weights[3];
    workgroupBarrier();

    let value_slices = min(4u, (end - n0 + 3u) / 4u);
    for (var slice = 0u; slice < value_slices; slice++) {
      store_values(thread, next_values);
      workgroupBarrier();
      if (slice + 1u < value_slices) { next_values = fetch_values(values_base, n0, slice + 1u, thread); }
      for (var i = 0u; i < 4u; i++) {
        let v = 4u * i * VALUE_PITCH + x;
        let p = w + 4u * slice + i;
        let rows = mat4x4f(
          weights[p], weights[p + THREADS_Y * WEIGHT_PITCH],
          weights[p + 2u * THREADS_Y * WEIGHT_PITCH], weights[p + 3u * THREADS_Y * WEIGHT_PITCH],
        );
        let block = mat4x4f(
          slices[v], slices[v + VALUE_PITCH], slices[v + 2u * VALUE_PITCH], slices[v + 3u * VALUE_PITCH],
        );
        sums = add_rows(sums, block, rows);
      }
      workgroupBarrier();
    }
  }

  // The sums of the 16 threads that share these queries.
  slices[y * THREADS_X + x] = total;
  workgroupBarrier();
  let all = sum_of(y * THREADS_X);
  write_rows(m0 + y, out_base, x, scale_rows(sums, 1.0 / all));
}
