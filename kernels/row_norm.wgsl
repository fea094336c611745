// row_norm: y[r] = sqrt(sum_c x[r][c]^2)
//
// shapes   x [rows, width], y [rows]
// thread   one row: rows are heads of tokens, short and many
// cost     2 rows width FLOP, 4 rows width bytes
// numerics squares overflow for values beyond 1e19 and vanish below 1e-19

struct Params { rows: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * 64u + thread;
  if (row >= params.rows) { return; }
  let base = row * params.width;
  var sum = 0.0;
  for (var c = 0u; c < params.width; c++) { sum += x[base + c] * x[base + c]; }
  y[row] = sqrt(sum);
}
