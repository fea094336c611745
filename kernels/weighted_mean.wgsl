// weighted_mean: y[r][i] = (w a[r][i] + b[r][i]) / (w + 1) with w = factor weight[r]
//
// The blend of two attention maps with a weight for each head.
//
// shapes   a, b, y [rows, width], weight [rows], not negative
// thread   one element
// cost     4 FLOP and 12 bytes an element

struct Params { size: u32, width: u32, factor: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let w = params.factor * weight[i / params.width];
  y[i] = (w * a[i] + b[i]) / (w + 1.0);
}
