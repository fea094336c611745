// stack: y = (a, beta b), one behind the other
//
// Makes a batch of two, so that what follows is launched once.
//
// shapes   a [size], b [any], y [size + b's]
// thread   one element
// cost     1 FLOP and 8 bytes an element

struct Params { size: u32, total: u32, beta: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.total) { return; }
  if (i < params.size) {
    y[i] = a[i];
  } else {
    y[i] = params.beta * b[i - params.size];
  }
}
