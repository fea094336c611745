// pamr_affinity: w[p][k] = softmax over k of the mean over RGB of -|I(p) - I(p + o_k)| / (1e-8 + 0.1 std(p))
//
// Pixel-adaptive mask refinement (Araslanov and Roth, CVPR 2020): how alike a pixel is to its 8 neighbours at each of
// several dilations. std is the unbiased standard deviation, per channel, over the 9 samples (centre included) of every
// dilation together. Pixels outside are the nearest border pixel.
//
// shapes   image [height, width, 3]; dilations [count] u32; weights [height, width, 8 count]
// thread   one pixel
// cost     about 60 FLOP a neighbour

struct Params { height: u32, width: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> dilations: array<u32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;

fn colour(y: i32, x: i32) -> vec3f {
  let cy = u32(clamp(y, 0, i32(params.height) - 1));
  let cx = u32(clamp(x, 0, i32(params.width) - 1));
  let i = (cy * params.width + cx) * 3u;
  return vec3f(image[i], image[i + 1u], image[i + 2u]);
}

// Offset of neighbour k of 8: row by row, the centre left out.
fn offset(k: u32) -> vec2i {
  let cell = i32(select(k, k + 1u, k >= 4u));
  return vec2i(cell / 3 - 1, cell % 3 - 1);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let pixel = (group.y * groups.x + group.x) * 64u + thread;
  if (pixel >= params.height * params.width) { return; }
  let py = i32(pixel / params.width);
  let px = i32(pixel % params.width);
  let centre = colour(py, px);
  let samples = f32(9u * params.count);

  // The centre is a sample once per dilation; deviations from it are summed so that the mean of a flat region is exact.
  var sum = vec3f(0.0);
  for (var d = 0u; d < params.count; d++) {
    for (var k = 0u; k < 8u; k++) {
      let o = offset(k) * i32(dilations[d]);
      sum += colour(py + o.x, px + o.y) - centre;
    }
  }
  let mean = centre + sum / samples;
  var squares = f32(params.count) * (centre - mean) * (centre - mean);
  for (var d = 0u; d < params.count; d++) {
    for (var k = 0u; k < 8u; k++) {
      let o = offset(k) * i32(dilations[d]);
      let difference = colour(py + o.x, px + o.y) - mean;
      squares += difference * difference;
    }
  }
  let spread = 1e-8 + 0.1 * sqrt(squares / (samples - 1.0));

  var values: array<f32, 64>;
  var largest = -3.4028234e38;
  for (var d = 0u; d < params.count; d++) {
    for (var k = 0u; k < 8u; k++) {
      let o = offset(k) * i32(dilations[d]);
      let affinity = -abs(colour(py + o.x, px + o.y) - centre) / spread;
      let value = (affinity.x + affinity.y + affinity.z) / 3.0;
      values[d * 8u + k] = value;
      largest = max(largest, value);
    }
  }
  var total = 0.0;
  for (var j = 0u; j < 8u * params.count; j++) {
    values[j] = exp(values[j] - largest);
    total += values[j];
  }
  for (var j = 0u; j < 8u * params.count; j++) { weights[pixel * 8u * params.count + j] = values[j] / total; }
}
