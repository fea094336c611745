// softmax_scores: out[z][i][j] = softmax_j(scale left[z][i] . right[z][j]) + addend[z][i][j]
//
// Attention weights in one launch, for those who want to see them: a workgroup takes 32 queries and all keys, 64 at a
// time. It writes the logits into `out` as it goes and keeps the largest and the sum of exponentials of every row; then
// each thread reads again what it wrote itself, and makes weights of it. The same as matmul and softmax one after the
// other, which are the version to read first. With HAS_ADDEND, `addend` is added last, as in softmax: RF-CLIP sums the
// key-key attention of all layers.
//
// shapes   left [m, k], right [n, k], k = 4 vectors, for each of outer * inner batches, strided views as in
//          matmul_naive.wgsl, all strides multiples of 4 (bound as vectors); out, addend [outer inner, m, n], n at least 1
// causal   where `causal` is 1, query i sees keys 0 .. i; the weights of the others are 0
// thread   4 queries, 8 apart, by 4 keys, 16 apart, of each tile; slices and numbering as in matmul_register_block
// cost     2 m n k FLOP and 9 m n / 4 exponentials; 12 m n bytes (with an addend 16), of which 4 m n come
//          from the cache that has just taken them
// numerics f32; the sum of a row is the online one of flash_attention.wgsl, 16 threads' parts brought to the same largest
//          logit at the end
// versions Adapters with a GPU take it: one launch for two, and one tensor [m, n] less in memory; not run on a GPU yet. A
//          CPU adapter takes the two ops, as for flash_attention. CPU time on lavapipe, with an addend, as there:
//                                 589 tokens   6 x 197 tokens
//            this                     198 ms           166 ms
//            the two ops               65 ms            44 ms
// dropped  multiplying again in place of reading logits again: for 64 channels the product costs more than the bytes

const HAS_ADDEND: bool = false;

const THREADS_X = 16u;
const THREADS_Y = 8u;
const THREADS = 128u;
const ROWS = 32u;     // queries of a workgroup, 4 a thread
const COLUMNS = 64u;  // keys of a tile, 4 a thread
const DEPTH = 4u;     // vectors of a slice
const PITCH = 5u;

struct Params {
  m: u32, n: u32, vectors: u32, causal: u32, inner: u32,
  left_offset: u32, left_row: u32, left_inner: u32, left_outer: u32,
  right_offset: u32, right_row: u32, right_inner: u32, right_outer: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<vec4f>;
@group(0) @binding(2) var<storage, read> right: array<vec4f>;
@group(0) @binding(3) var<storage, read> addend: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const LOWEST = -3.4028234e38;

// Rows of queries, then of keys: vector (row, v) at row PITCH + v. Or what threads tell each other.
var<workgroup> slices: array<vec4f, (ROWS + COLUMNS) * PITCH>;

fn load_left(start: u32, vector: u32) -> vec4f {
  if (vector >= params.vectors) { return vec4f(); }
  return left[start / 4u + vector];
}

fn load_right(start: u32, vector: u32) -> vec4f {
  if (vector >= params.vectors) { return vec4f(); }
  return right[start / 4u + vector];
}

// sum + block factors, column by column.
fn add(sum: vec4f, block: mat4x4f, factors: vec4f) -> vec4f {
  let two = fma(block[1], vec4f(factors.y), fma(block[0], vec4f(factors.x), sum));
  return fma(block[3], vec4f(factors.w), fma(block[2], vec4f(factors.z), two));
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

// Keys that a query sees are those below this.
fn visible(query: u32) -> u32 { return select(params.n, min(params.n, query + 1u), params.causal == 1u); }

// Takes the logits of a query at keys n, n + 16, n + 32 and n + 48 into its (largest, sum), and writes those it sees.
fn take(state: vec2f, logits: vec4f, query: u32, n: u32, base: u32) -> vec2f {
  let keys = n + vec4u(0u, 1u, 2u, 3u) * THREADS_X;
  let is_seen = keys < vec4u(visible(query));
  let most = max(state.x, largest(select(vec4f(LOWEST), logits, is_seen)));
  let terms = select(vec4f(), exp(min(logits - most, vec4f())), is_seen);
  if (query < params.m) {
    let o = base + query * params.n;
    if (is_seen.x) { out[o + keys.x] = logits.x; }
    if (is_seen.y) { out[o + keys.y] = logits.y; }
    if (is_seen.z) { out[o + keys.z] = logits.z; }
    if (is_seen.w) { out[o + keys.w] = logits.w; }
  }
  return vec2f(most, state.y * exp(state.x - most) + dot(terms, vec4f(1.0)));
}

// Makes weights of the logits that this thread wrote of a query.
fn finish(query: u32, x: u32, most: f32, total: f32, base: u32) {
  if (query >= params.m) { return; }
  let count = visible(query);
  let o = base + query * params.n;
  for (var key = x; key < params.n; key += THREADS_X) {
    var weight = 0.0;
    if (key < count) { weight = exp(out[o + key] - most) / total; }
    if (HAS_ADDEND) { weight += addend[o + key]; }
    out[o + key] = weight;
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let outer = workgroup.z / params.inner;
  let inner = workgroup.z % params.inner;
  let left_base = params.left_offset + outer * params.left_outer + inner * params.left_inner;
  let right_base = params.right_offset + outer * params.right_outer + inner * params.right_inner;
  let out_base = workgroup.z * params.m * params.n;
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

  // (largest, sum) of this thread's keys, by query.
  var state0 = vec2f(LOWEST, 0.0);
  var state1 = state0;
  var state2 = state0;
  var state3 = state0;

  for (var n0 = 0u; n0 < end; n0 += COLUMNS) {
    let first_start = right_base + min(n0 + copy_row, params.n - 1u) * params.right_row;
    let second_start = right_base + min(n0 + copy_row + ROWS, params.n - 1u) * params.right_row;
    var next_query = load_left(left_start, copy_vector);
    var next_first = load_right(first_start, copy_vector);
    var next_second = load_right(second_start, copy_vector);
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
      }
      let p = y * PITCH;
      let q = (ROWS + x) * PITCH;
      for (var i = 0u; i < DEPTH; i++) {
        let keys = transpose(mat4x4f(
          slices[q + i], slices[q + i + THREADS_X * PITCH],
          slices[q + i + 2u * THREADS_X * PITCH], slices[q + i + 3u * THREADS_X * PITCH],
        ));
        logits = mat4x4f(
          add(logits[0], keys, slices[p + i]),
          add(logits[1], keys, slices[p + i + THREADS_Y * PITCH]),
          add(logits[2], keys, slices[p + i + 2u * THREADS_Y * PITCH]),
          add(logits[3], keys, slices[p + i + 3u * THREADS_Y * PITCH]),
        );
      }
      workgroupBarrier();
    }
    let n = n0 + x;
    state0 = take(state0, params.scale * logits[0], queries.x, n, out_base);
    state1 = take(state1, params.scale * logits[1], queries.y, n, out_base);
    state2 = take(state2, params.scale * logits[2], queries.z, n, out_base);
    state3 = take(state3, params.scale * logits[3], queries.w, n, out_base);
  }

  // What the 16 threads that share these queries found: the largest logits first, then the sums.
  let own = vec4f(state0.x, state1.x, state2.x, state3.x);
  slices[y * THREADS_X + x] = own;
  workgroupBarrier();
  let most = largest_of(y * THREADS_X);
  workgroupBarrier();
  slices[y * THREADS_X + x] = vec4f(state0.y, state1.y, state2.y, state3.y) * exp(own - most);
  workgroupBarrier();
  let total = sum_of(y * THREADS_X);

  finish(queries.x, x, most.x, total.x, out_base);
  finish(queries.y, x, most.y, total.y, out_base);
  finish(queries.z, x, most.z, total.z, out_base);
  finish(queries.w, x, most.w, total.w, out_base);
}
