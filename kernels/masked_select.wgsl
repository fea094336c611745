// masked_select: y[r][c] = a[r][c] where mask[r] != 0, else b[r][c]
//
// shapes   mask [rows]; a, b, y [rows, width]
// thread   one element
// cost     0 FLOP, 12 rows width bytes

struct Params { size: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  y[i] = select(b[i], a[i], mask[i / params.width] != 0.0);
}
