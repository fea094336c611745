// copy_columns: y[r][at + c] = x[from_row + r][c], one column block of a wider matrix
//
// shapes   x [any, width], y [rows, total]
// thread   one element of the block
// cost     0 FLOP, 8 bytes an element

struct Params { size: u32, width: u32, first_row: u32, total: u32, at: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let r = i / params.width;
  let c = i % params.width;
  y[r * params.total + params.at + c] = x[(params.first_row + r) * params.width + c];
}
