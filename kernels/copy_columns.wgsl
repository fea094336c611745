// copy_columns: y[r][y_at + c] = x[first_row + r][x_at + c], a column block of one matrix into a column block of another
//
// shapes   x [any, x_width], y [rows, y_width]; the block is [rows, width]
// thread   one element of the block
// cost     0 FLOP, 8 bytes an element

struct Params { size: u32, width: u32, first_row: u32, x_width: u32, x_at: u32, y_width: u32, y_at: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let r = i / params.width;
  let c = i % params.width;
  y[r * params.y_width + params.y_at + c] = x[(params.first_row + r) * params.x_width + params.x_at + c];
}
