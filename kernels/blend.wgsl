// blend: y[i] = alpha a[i] + beta b[i mod period]
//
// One kernel for add (1, 1), subtract (1, -1), scale (alpha, 0) and interpolation (1 - t, t). `b` may be shorter than
// `a`: it is then repeated over a's leading axes.
//
// shapes   a, y [size], b [period]
// thread   one element
// cost     3 size FLOP, 12 size bytes

// Whether b is shorter than a: an integer remainder costs more than the rest of this kernel.
const REPEAT: bool = false;

struct Params { size: u32, period: u32, alpha: f32, beta: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  var j = i;
  if (REPEAT) { j = i % params.period; }
  y[i] = params.alpha * a[i] + params.beta * b[j];
}
