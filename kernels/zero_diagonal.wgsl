// zero_diagonal: y[m][i][j] = x[m][i][j] if i != j else 0
//
// shapes   x, y [matrices, n, n]
// thread   one element
// cost     8 bytes an element

struct Params { size: u32, n: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let row = (i / params.n) % params.n;
  y[i] = select(x[i], 0.0, i % params.n == row);
}
