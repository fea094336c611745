// copy_blocks: y[b][i] = x[offset + b stride + i]
//
// Blocks of one tensor that lie `stride` apart, one behind the other: a copy, the CLS rows, all rows but those of CLS. A
// copy between buffers would end the compute pass, which costs more than the launch.
//
// shapes   x [any], y [blocks, length]; elements of 4 bytes of any type, which is why they are u32 here
// thread   one element
// cost     0 FLOP, 8 bytes an element

struct Params { size: u32, length: u32, offset: u32, stride: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  y[i] = x[params.offset + (i / params.length) * params.stride + i % params.length];
}
