// low_rank_factor: F[b][h][n][r] = y[b][c][n][i] / sqrt(s_r) sqrt(f(s_r)) with c = head[b][h], i = index[b][c][r],
//                  s_r = value[b][c][r]
//
// The factor of a truncated spectrum: with y the orthogonal columns of x (y = U S) and s the largest squared lengths,
// F F^T = sum_r f(s_r) u_r u_r^T, which for f(s) = s is the best approximation of x x^T of this rank. STRETCH draws
// the kept eigenvalues apart, from [min, max] to [0.5 min, 1.5 max]: f(s) = (s - min) / (max - min) (1.5 max - 0.5 min) + 0.5 min.
//
// shapes   y [batch, heads, rows, width], value and index [batch, heads, rank] (largest first), head [batch, heads] u32,
//          F [batch, heads, rows, rank]
// thread   one element
// cost     about 10 FLOP and 8 bytes an element
// numerics an eigenvalue of 0 gives a column of 0, whatever f makes of it: its direction is unknown. Where all kept ones are
//          equal (PyTorch: 0 / 0) they stay as they are.

const STRETCH: bool = false;

struct Params { size: u32, heads: u32, rows: u32, width: u32, rank: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> value: array<f32>;
@group(0) @binding(3) var<storage, read> index: array<u32>;
@group(0) @binding(4) var<storage, read> head: array<u32>;
@group(0) @binding(5) var<storage, read_write> factor: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let r = i % params.rank;
  let row = (i / params.rank) % params.rows;
  let target_head = i / (params.rank * params.rows);
  let batch = target_head / params.heads;
  let source = batch * params.heads + head[target_head];
  let s = value[source * params.rank + r];
  var f = s;
  if (STRETCH) {
    let largest = value[source * params.rank];
    let smallest = value[(source + 1u) * params.rank - 1u];
    if (largest > smallest) { f = (s - smallest) / (largest - smallest) * (1.5 * largest - 0.5 * smallest) + 0.5 * smallest; }
  }
  var result = 0.0;
  if (s > 0.0) { result = y[(source * params.rows + row) * params.width + index[source * params.rank + r]] * sqrt(f / s); }
  factor[i] = result;
}
