// match_range: y[r][i] = (x[r][i] - low[r]) / (high[r] - low[r]) (target_high[r] - target_low[r]) + target_low[r]
//
// Every row of x moved and stretched so that its smallest and largest element become those of another tensor's row.
//
// shapes   x, y [rows, width], low, high, target_low, target_high [rows]
// thread   one element
// cost     5 FLOP and 8 bytes an element
// numerics a constant row becomes target_low (PyTorch: 0 / 0)

struct Params { size: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> low: array<f32>;
@group(0) @binding(3) var<storage, read> high: array<f32>;
@group(0) @binding(4) var<storage, read> target_low: array<f32>;
@group(0) @binding(5) var<storage, read> target_high: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let row = i / params.width;
  let span = high[row] - low[row];
  var share = 0.0;
  if (span > 0.0) { share = (x[i] - low[row]) / span; }
  y[i] = share * (target_high[row] - target_low[row]) + target_low[row];
}
