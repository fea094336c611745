// channel_share: y[r] = max over j in channels of (x[r][j] - min_r) / sum_c (x[r][c] - min_r)
//
// The share that the largest of some channels has of a row's mass above its minimum: RF-CLIP's score phi of a
// distraction token (AAAI 2026, distractor localisation), compared there with 5 / width.
//
// shapes   x [rows, width], channels [count] u32 in 0..width, y [rows]
// thread   LANES threads share a row (see layer_norm).
// cost     3 rows width FLOP, 8 rows width bytes
// numerics the minimum is subtracted before summing: sum(x) - width min would cancel. A constant row has mass 0 and
//          gives 0, where 0 / 0 would give NaN.

const LANES: u32 = 64u;
const THREADS = 64u;

struct Params { rows: u32, width: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> channels: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, THREADS>;

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
  let total = parts[thread - thread % LANES];
  workgroupBarrier();
  return total;
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

  if (inside && lane == 0u) {
    var largest = 0.0;
    for (var k = 0u; k < params.count; k++) { largest = max(largest, x[base + channels[k]] - smallest); }
    y[row] = select(0.0, largest / mass, mass > 0.0);
  }
}
