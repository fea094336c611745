// bicubic: y[oy][ox][c] = sum over the 4x4 neighbours of the source point, weighted by the cubic convolution kernel
//
//   |t| <= 1: (A+2)|t|^3 - (A+3)|t|^2 + 1;   1 < |t| < 2: A|t|^3 - 5A|t|^2 + 8A|t| - 4A;   A = -0.75
//   source = (out + 0.5) step - 0.5, neighbours clamped to the image (PyTorch, align_corners = false)
// The step is a parameter: dense CLIP methods interpolate positions with a step of n / (grid + 0.1) instead of n / grid,
// so the result is slightly shifted, and equality with them needs the same step.
//
// shapes   x [height, width, channels], y [out_height, out_width, channels]
// thread   one element of y
// cost     40 FLOP and 68 bytes an element

const A: f32 = -0.75;

struct Params { size: u32, channels: u32, height: u32, width: u32, out_width: u32, step_y: f32, step_x: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// Weights of the neighbours at -1, 0, 1, 2 for a point at distance t after neighbour 0.
fn cubic(t: f32) -> vec4f {
  let near = vec2f(t, 1.0 - t);
  let far = near + 1.0;
  let inner = ((A + 2.0) * near - (A + 3.0)) * near * near + 1.0;
  let outer = ((A * far - 5.0 * A) * far + 8.0 * A) * far - 4.0 * A;
  return vec4f(outer.x, inner.x, inner.y, outer.y);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let c = i % params.channels;
  let ox = (i / params.channels) % params.out_width;
  let oy = i / (params.channels * params.out_width);
  let sy = (f32(oy) + 0.5) * params.step_y - 0.5;
  let sx = (f32(ox) + 0.5) * params.step_x - 0.5;
  let wy = cubic(sy - floor(sy));
  let wx = cubic(sx - floor(sx));
  var sum = 0.0;
  for (var dy = 0; dy < 4; dy++) {
    let row = u32(clamp(i32(floor(sy)) + dy - 1, 0, i32(params.height) - 1)) * params.width;
    var part = 0.0;
    for (var dx = 0; dx < 4; dx++) {
      let column = u32(clamp(i32(floor(sx)) + dx - 1, 0, i32(params.width) - 1));
      part += wx[dx] * x[(row + column) * params.channels + c];
    }
    sum += wy[dy] * part;
  }
  y[i] = sum;
}
