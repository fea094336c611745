// prepend_row: y[b][0][c] = row[c];  y[b][1 + r][c] = x[b][r][c]
//
// Puts one learned row (CLIP's class embedding) before the rows of every batch.
//
// shapes   x [batch, rows, width], row [width], y [batch, rows + 1, width]
// thread   one element of y
// cost     0 FLOP, 8 bytes an element

struct Params { size: u32, rows: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> row: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let c = i % params.width;
  let r = (i / params.width) % (params.rows + 1u);
  let b = i / (params.width * (params.rows + 1u));
  if (r == 0u) { y[i] = row[c]; } else { y[i] = x[(b * params.rows + r - 1u) * params.width + c]; }
}
