// resize_levels: y[o][j][n] = level((2^21 + sum_k weight[j][k] x[o][start[j] + k][n]) >> 22)
//
// One pass of Pillow's resize along one axis: levels 0..255 weighted by whole numbers in units of 2^-22, so that every
// adapter gives the same bytes as Pillow does. The weights are made on the host (a cubic kernel, widened when shrinking).
//
// shapes   x [outer, in_length, inner], y [outer, out_length, inner], levels as f32; start, count [out_length] u32;
//          weights [out_length, stride] i32
// thread   one output
// cost     2 count FLOP and 4 (count + 1) bytes an output
// numerics exact: 255 * 2^22 times the overshoot of a cubic kernel (below 1.5) fits into 31 bits

struct Params { size: u32, in_length: u32, out_length: u32, inner: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> start: array<u32>;
@group(0) @binding(3) var<storage, read> count: array<u32>;
@group(0) @binding(4) var<storage, read> weights: array<i32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let n = i % params.inner;
  let j = (i / params.inner) % params.out_length;
  let outer = i / (params.inner * params.out_length);
  let first = (outer * params.in_length + start[j]) * params.inner + n;
  var sum = 1i << 21u;
  for (var k = 0u; k < count[j]; k++) { sum += weights[j * params.stride + k] * i32(x[first + k * params.inner]); }
  y[i] = f32(clamp(sum >> 22u, 0i, 255i));
}
