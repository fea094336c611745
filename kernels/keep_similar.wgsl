// keep_similar: y[b][i][j] = x[b][i][j] where it is at least `limit`, else 0; the first `skip` rows and columns: i == j
//
// Turns cosines of tokens into weights by which one product enhances patches and leaves CLS as it is. The same as
// zeroBelow (threshold.wgsl) among patches.
//
// shapes   x, y [batch, tokens, tokens]
// thread   one element
// cost     1 FLOP and 8 bytes an element

struct Params { size: u32, tokens: u32, skip: u32, limit: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let column = i % params.tokens;
  let row = i / params.tokens % params.tokens;
  if (min(row, column) < params.skip) {
    y[i] = select(0.0, 1.0, row == column);
  } else {
    y[i] = select(x[i], 0.0, x[i] < params.limit);
  }
}
