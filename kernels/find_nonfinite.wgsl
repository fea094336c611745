// find_nonfinite: flags[number] = 1 if any x[i] is NaN or infinite.
//
// shapes   x [size], flags [any]
// thread   looks at elements i, i + threads, i + 2 threads, ...
// cost     0 FLOP, 4 size bytes
// numerics a compiler may assume that NaN does not occur and fold `x != x` away, so the exponent bits are tested.

struct Params { size: u32, number: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> flags: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < params.size; i += groups.x * 64u) {
    if ((x[i] & 0x7f800000u) == 0x7f800000u) {
      flags[params.number] = 1u;
    }
  }
}
