// normalise_pixels: y[c][i] = table[c][pixels[i][c]]
//
// From the bytes of a picture to what a network sees: a byte has 256 values, so that a table holds all results, rounded
// as the host rounds them, and the device only looks them up. A picture is uploaded in a quarter of the bytes.
//
// shapes   pixels [images, pixels, channels] bytes, four to a u32, lowest first; table [channels, 256];
//          y [images, channels, pixels]
// thread   one sample
// cost     0 FLOP, 5 bytes a sample

struct Params { size: u32, pixels: u32, channels: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let row = i / params.pixels;
  let channel = row % params.channels;
  let at = (row - channel) * params.pixels + (i % params.pixels) * params.channels + channel;
  let level = (pixels[at / 4u] >> (8u * (at % 4u))) & 0xffu;
  y[i] = table[channel * 256u + level];
}
