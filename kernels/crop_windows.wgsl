// crop_windows: y[b][w][c][i][j] = images[b][c][top[w] + i][left[w] + j]
//
// The windows that a network looks through, cut out of images of one size, each at the same places.
//
// shapes   images [images, channels, image_height, image_width]; corners [windows, 2] u32: top, left of each window, of
//          which count are cut out, from the first-th on; y [images, count, channels, height, width]
// thread   one element
// cost     0 FLOP, 8 bytes an element

struct Params { size: u32, first: u32, count: u32, channels: u32, image_height: u32, image_width: u32, height: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<f32>;
@group(0) @binding(2) var<storage, read> corners: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let column = i % params.width;
  let row = (i / params.width) % params.height;
  let channel = (i / (params.width * params.height)) % params.channels;
  let cut = i / (params.width * params.height * params.channels);
  let image = cut / params.count;
  let window = params.first + cut % params.count;
  let top = corners[2u * window];
  let left = corners[2u * window + 1u];
  let line = (image * params.channels + channel) * params.image_height + top + row;
  y[i] = images[line * params.image_width + left + column];
}
