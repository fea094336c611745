// denoise_tokens: y[b][t][c] = (1 - alpha) x[b][t][c] + alpha r[b][t][c], total = previous + y, normalised = LayerNorm(y)
//
// RF-CLIP's denoising of a layer's output in one launch: r is the 3x3 box average of the row's neighbours where the row
// is a distraction token (its largest share of one of `channels` is above `limit`) and a cell of the grid, else x. The
// same as channel_share, threshold, box_average, masked_select and blend one after the other, which are the version to
// read first; with SUM the sum over layers goes on in the same launch, where `norm` is 1 the LayerNorm that the next
// block begins with is taken, as layer_norm does.
//
// shapes   x, y, previous, total, normalised [batch, skip + gh gw, width], channels [count] u32 in 0..width, gamma and
//          beta [width]; without SUM, `previous` and `total` are not touched, without `norm` the last three
// thread   LANES threads share a row (see layer_norm).
// cost     6 FLOP and 8 bytes an element (with SUM 16, with `norm` 8 FLOP and 4 bytes more), and 9 FLOP for each in a
//          distraction token; the row is read three times, once from memory, and what a thread wrote itself is in a cache
// numerics as in channel_share and layer_norm; the average only of rows that need it

const LANES: u32 = 64u;
const SUM: bool = false;
alias NORMALISED_ELEMENT = f32;  // or f16, as in layer_norm
const THREADS = 64u;

struct Params {
  rows: u32, width: u32, count: u32, grid_height: u32, grid_width: u32, skip: u32, norm: u32,
  limit: f32, keep: f32, alpha: f32, eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> channels: array<u32>;
@group(0) @binding(3) var<storage, read> previous: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> total: array<f32>;
@group(0) @binding(6) var<storage, read> gamma: array<f32>;
@group(0) @binding(7) var<storage, read> beta: array<f32>;
@group(0) @binding(8) var<storage, read_write> normalised: array<NORMALISED_ELEMENT>;

var<workgroup> parts: array<f32, THREADS>;
var<workgroup> pairs: array<vec2f, THREADS>;

fn row_reduce(part: f32, thread: u32, take_min: bool) -> f32 {
  if (LANES == 1u) { return part; }
  parts[thread] = part;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (thread % LANES < stride) {
      let other = parts[thread + stride];
      parts[thread] = select(parts[thread] + other, min(parts[thread], other), take_min);
    }
    workgroupBarrier();
  }
  let reduced = parts[thread - thread % LANES];
  workgroupBarrier();
  return reduced;
}

// As in layer_norm.
fn row_sum(part: vec2f, thread: u32) -> vec2f {
  if (LANES == 1u) { return part; }
  pairs[thread] = part;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (thread % LANES < stride) { pairs[thread] += pairs[thread + stride]; }
    workgroupBarrier();
  }
  let sum = pairs[thread - thread % LANES];
  workgroupBarrier();
  return sum;
}

// As in box_average, of column c of the grid that begins at row `first`. Bounds that are not constant keep drivers from
// unrolling the loops, which would take llvmpipe twice as long to compile.
fn box_average(first: u32, cell: u32, c: u32) -> f32 {
  let cy = cell / params.grid_width;
  let cx = cell % params.grid_width;
  var sum = 0.0;
  for (var gy = max(cy, 1u) - 1u; gy <= min(cy + 1u, params.grid_height - 1u); gy++) {
    for (var gx = max(cx, 1u) - 1u; gx <= min(cx + 1u, params.grid_width - 1u); gx++) {
      sum += x[(first + gy * params.grid_width + gx) * params.width + c];
    }
  }
  return sum / 9.0;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * (THREADS / LANES) + thread / LANES;
  let lane = thread % LANES;
  let inside = row < params.rows;
  let width = select(0u, params.width, inside);
  let base = row * params.width;

  var smallest = 3.4028234e38;
  for (var c = lane; c < width; c += LANES) { smallest = min(smallest, x[base + c]); }
  smallest = row_reduce(smallest, thread, true);

  var mass = 0.0;
  for (var c = lane; c < width; c += LANES) { mass += x[base + c] - smallest; }
  mass = row_reduce(mass, thread, false);

  var largest = 0.0;
  for (var k = 0u; k < select(0u, params.count, inside); k++) {
    largest = max(largest, x[base + channels[k]] - smallest);
  }
  let share = select(0.0, largest / mass, mass > 0.0);

  let token = row % (params.skip + params.grid_height * params.grid_width);
  let is_replaced = share > params.limit && token >= params.skip;
  var sum = 0.0;
  for (var c = lane; c < width; c += LANES) {
    let i = base + c;
    var replacement = x[i];
    if (is_replaced) { replacement = box_average(row - token + params.skip, token - params.skip, c); }
    let denoised = params.keep * x[i] + params.alpha * replacement;
    y[i] = denoised;
    if (SUM) { total[i] = previous[i] + denoised; }
    sum += denoised;
  }
  if (params.norm == 0u) { return; }

  let mean = row_sum(vec2f(sum, 0.0), thread).x / f32(params.width);
  var moments = vec2f(0.0);
  for (var c = lane; c < width; c += LANES) {
    let centred = y[base + c] - mean;
    moments += vec2f(centred, centred * centred);
  }
  moments = row_sum(moments, thread) / f32(params.width);
  let variance = max(0.0, moments.y - moments.x * moments.x);
  let scale = 1.0 / sqrt(variance + params.eps);
  for (var c = lane; c < width; c += LANES) {
    normalised[base + c] = NORMALISED_ELEMENT(((y[base + c] - mean) - moments.x) * scale * gamma[c] + beta[c]);
  }
}
