// embed_tokens: x[b][t] = LayerNorm0(e[b][t - 1] + positions[t]), of CLS LayerNorm0(positions[0]); normalised = LayerNorm1(x)
//
// What leads from embedded patches into CLIP's first block, in one launch: the CLS token in front, positions, the
// LayerNorm before the blocks and that of the first block. The same as prepend_row, blend and twice layer_norm, which are
// the version to read first; `positions` holds the class embedding in its first row already.
//
// shapes   embedded [batch, tokens - 1, width], positions [tokens, width], gammas and betas [width]; x, normalised [batch,
//          tokens, width]
// thread   LANES threads share a row (see layer_norm).
// cost     17 FLOP and 12 bytes an element, and positions, which all images share
// numerics as in layer_norm, twice

const LANES: u32 = 64u;
const THREADS = 64u;
alias NORMALISED_ELEMENT = f32;  // or f16, as in layer_norm

struct Params { rows: u32, tokens: u32, width: u32, eps: f32, second_eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> embedded: array<f32>;
@group(0) @binding(2) var<storage, read> positions: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> second_gamma: array<f32>;
@group(0) @binding(6) var<storage, read> second_beta: array<f32>;
@group(0) @binding(7) var<storage, read_write> x: array<f32>;
@group(0) @binding(8) var<storage, read_write> normalised: array<NORMALISED_ELEMENT>;

var<workgroup> parts: array<vec2f, THREADS>;

// As in layer_norm.
fn row_sum(part: vec2f, thread: u32) -> vec2f {
  if (LANES == 1u) { return part; }
  parts[thread] = part;
  workgroupBarrier();
  for (var stride = LANES / 2u; stride > 0u; stride /= 2u) {
    if (thread % LANES < stride) { parts[thread] += parts[thread + stride]; }
    workgroupBarrier();
  }
  let sum = parts[thread - thread % LANES];
  workgroupBarrier();
  return sum;
}

// From the means of centred values and of their squares: what the mean is off by, and 1 / deviation.
fn correction(moments: vec2f, eps: f32) -> vec2f {
  let variance = max(0.0, moments.y - moments.x * moments.x);
  return vec2f(moments.x, 1.0 / sqrt(variance + eps));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * (THREADS / LANES) + thread / LANES;
  let lane = thread % LANES;
  let width = select(0u, params.width, row < params.rows);
  let base = row * params.width;
  let token = row % params.tokens;
  let position = token * params.width;
  let patch_base = (row - row / params.tokens - 1u) * params.width;
  let is_patch = token > 0u;

  // Put down as it is first, so that a token is added up once.
  var sum = 0.0;
  for (var c = lane; c < width; c += LANES) {
    var value = positions[position + c];
    if (is_patch) { value = embedded[patch_base + c] + value; }
    x[base + c] = value;
    sum += value;
  }
  let mean = row_sum(vec2f(sum, 0.0), thread).x / f32(params.width);
  var moments = vec2f(0.0);
  for (var c = lane; c < width; c += LANES) {
    let centred = x[base + c] - mean;
    moments += vec2f(centred, centred * centred);
  }
  let first = correction(row_sum(moments, thread) / f32(params.width), params.eps);
  sum = 0.0;
  for (var c = lane; c < width; c += LANES) {
    let value = ((x[base + c] - mean) - first.x) * first.y * gamma[c] + beta[c];
    x[base + c] = value;
    sum += value;
  }

  let second_mean = row_sum(vec2f(sum, 0.0), thread).x / f32(params.width);
  moments = vec2f(0.0);
  for (var c = lane; c < width; c += LANES) {
    let centred = x[base + c] - second_mean;
    moments += vec2f(centred, centred * centred);
  }
  let second = correction(row_sum(moments, thread) / f32(params.width), params.second_eps);
  for (var c = lane; c < width; c += LANES) {
    let value = ((x[base + c] - second_mean) - second.x) * second.y * second_gamma[c] + second_beta[c];
    normalised[base + c] = NORMALISED_ELEMENT(value);
  }
}
