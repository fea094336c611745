// threshold: keep: y[i] = x[i] if x[i] >= limit else 0;  mask: y[i] = 1 if x[i] > limit else 0
//
// `keep` is the cosine threshold of RF-CLIP's feature enhancement (entries below 0.4 become 0), `mask` its test for
// distraction tokens and attention sinks.
//
// shapes   x, y [size]
// thread   one element
// cost     size FLOP, 8 size bytes

const MASK: bool = false;

struct Params { size: u32, limit: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  if (MASK) {
    y[i] = select(0.0, 1.0, x[i] > params.limit);
  } else {
    y[i] = select(x[i], 0.0, x[i] < params.limit);
  }
}
