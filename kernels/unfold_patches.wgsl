// unfold_patches: y[b][gy gw + gx][(ch p + py) p + px] = image[b][ch][gy p + py][gx p + px]
//
// Cuts an image into p x p patches, one row each, in the order of the weights of a convolution [out, ch, p, p]. CLIP's
// patch embedding, a convolution with stride p, is then one matrix product with those weights. Rows and columns beyond
// the last whole patch are cut off, as the convolution does.
//
// shapes   image [batch, channels, height, width], y [batch, gh gw, channels p p]
// thread   one pixel row of one patch and channel, so that the divisions are shared by p elements
// cost     0 FLOP, 8 bytes an element

struct Params { size: u32, channels: u32, height: u32, width: u32, side: u32, grid_height: u32, grid_width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let p = params.side;
  let py = i % p;
  let channel = (i / p) % params.channels;
  let cell = i / (p * params.channels);
  let gx = cell % params.grid_width;
  let gy = (cell / params.grid_width) % params.grid_height;
  let batch = cell / (params.grid_width * params.grid_height);
  let source = ((batch * params.channels + channel) * params.height + gy * p + py) * params.width + gx * p;
  for (var px = 0u; px < p; px++) { y[i * p + px] = image[source + px]; }
}
