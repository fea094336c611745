// gather_rows: y[r][c] = table[index[r]][c]
//
// shapes   table [entries, width], index [rows] u32, y [rows, width]
// thread   one element
// cost     0 FLOP, 8 rows width bytes

struct Params { size: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  y[i] = table[index[i / params.width] * params.width + i % params.width];
}
