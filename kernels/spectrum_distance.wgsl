// spectrum_distance: y[b][i][j] = sum_k |p[b][i][k] / sum p[b][i] - q[b][j][k] / sum q[b][j]|
//
// The Wasserstein distance of CASS between the spectra of a DINO head i and a CLIP head j: both are sorted and made to add
// up to 1, then compared rank by rank. (It is count times the usual distance of two samples.)
//
// shapes   p [batch, heads_p, count], q [batch, heads_q, count], sorted the same way, none negative;
//          y [batch, heads_p, heads_q]
// thread   one distance
// cost     7 count FLOP a distance
// numerics a spectrum of zeros stays one (divided by 1e-12, as PyTorch's normalize does)

struct Params { size: u32, heads_p: u32, heads_q: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> q: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = (group.y * groups.x + group.x) * 64u + thread;
  if (at >= params.size) { return; }
  let j = at % params.heads_q;
  let i = (at / params.heads_q) % params.heads_p;
  let batch = at / (params.heads_q * params.heads_p);
  let p_base = (batch * params.heads_p + i) * params.count;
  let q_base = (batch * params.heads_q + j) * params.count;
  var p_sum = 0.0;
  var q_sum = 0.0;
  for (var k = 0u; k < params.count; k++) {
    p_sum += p[p_base + k];
    q_sum += q[q_base + k];
  }
  p_sum = max(p_sum, 1e-12);
  q_sum = max(q_sum, 1e-12);
  var distance = 0.0;
  for (var k = 0u; k < params.count; k++) { distance += abs(p[p_base + k] / p_sum - q[q_base + k] / q_sum); }
  y[at] = distance;
}
