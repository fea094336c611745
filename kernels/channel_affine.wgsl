// channel_affine: y[b][c][i] = factor[c] x[b][c][i] + offset[c], with LEVELS cut to a whole level from 0 to 255
//
// Normalisation of planar images and its inverse. LEVELS makes a picture of 8 bits of it as a cast of C does: what is
// behind the point is dropped.
//
// shapes   x, y [batch, channels, pixels], factor, offset [channels]
// thread   one element
// cost     2 size FLOP, 8 size bytes
// numerics a level may differ from the exact one where the value is within 1e-4 of a whole number

const LEVELS: bool = false;

struct Params { size: u32, channels: u32, pixels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> factor: array<f32>;
@group(0) @binding(3) var<storage, read> offset: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let channel = (i / params.pixels) % params.channels;
  var value = factor[channel] * x[i] + offset[channel];
  if (LEVELS) { value = clamp(floor(value), 0.0, 255.0); }
  y[i] = value;
}
