// pamr_step: y[p][c] = sum_k w[p][k] x[p + o_k][c], one round of pixel-adaptive mask refinement
//
// shapes   weights [height, width, 8 count] from pamr_affinity; x, y [height, width, channels]; dilations [count] u32
// thread   one element of y; neighbouring threads share a pixel's weights
// cost     16 count FLOP an element

struct Params { size: u32, height: u32, width: u32, channels: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> dilations: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let c = i % params.channels;
  let pixel = i / params.channels;
  let py = i32(pixel / params.width);
  let px = i32(pixel % params.width);
  var sum = 0.0;
  for (var d = 0u; d < params.count; d++) {
    let dilation = i32(dilations[d]);
    for (var k = 0u; k < 8u; k++) {
      let cell = i32(select(k, k + 1u, k >= 4u));
      let ny = u32(clamp(py + (cell / 3 - 1) * dilation, 0, i32(params.height) - 1));
      let nx = u32(clamp(px + (cell % 3 - 1) * dilation, 0, i32(params.width) - 1));
      sum += weights[pixel * 8u * params.count + d * 8u + k] * x[(ny * params.width + nx) * params.channels + c];
    }
  }
  y[i] = sum;
}
