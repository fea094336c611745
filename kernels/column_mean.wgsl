// column_mean: y[m][j] = 1/divisor sum over rows i >= skip of x[m][i][skip + j]
//
// RF-CLIP's sink score: how much attention patch j receives from all patch rows, divided by the number of tokens.
//
// shapes   x [matrices, rows, columns], y [matrices, columns - skip]
// thread   one output
// cost     1 FLOP and 4 bytes an element of x
// numerics sums in order of i

struct Params { size: u32, rows: u32, columns: u32, skip: u32, divisor: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let width = params.columns - params.skip;
  let j = i % width + params.skip;
  let base = (i / width) * params.rows * params.columns;
  var sum = 0.0;
  for (var row = params.skip; row < params.rows; row++) { sum += x[base + row * params.columns + j]; }
  y[i] = sum / params.divisor;
}
