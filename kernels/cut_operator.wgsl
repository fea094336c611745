// cut_operator: p[b][i][j] = (w[i][j] / sqrt(d[i] d[j]) + [i = j]) / 2 - sqrt(d[i] d[j]) / sum d
//
// Of the normalised cut (D - W) y = lambda D y, with z = D^(1/2) y, the matrix M = D^(-1/2) W D^(-1/2) has eigenvalues
// 1 - lambda in [-1, 1]. (M + I) / 2 moves them to [0, 1], and subtracting v v^T removes the known largest one, whose
// vector v = sqrt(d) / |sqrt(d)| separates nothing. The largest eigenvector of p is then that of the second smallest
// lambda: the Fiedler vector.
//
// shapes   w, p [batch, n, n]; d [batch, n], the row sums of w; total [batch], the sums of d
// thread   one element of p
// cost     8 FLOP and 16 bytes an element

struct Params { size: u32, n: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> d: array<f32>;
@group(0) @binding(3) var<storage, read> total: array<f32>;
@group(0) @binding(4) var<storage, read_write> p: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * groups.x + group.x) * 64u + thread;
  if (index >= params.size) { return; }
  let n = params.n;
  let b = index / (n * n);
  let i = (index / n) % n;
  let j = index % n;
  let root = sqrt(d[b * n + i]) * sqrt(d[b * n + j]);
  p[index] = 0.5 * (w[index] / root + select(0.0, 1.0, i == j)) - root / total[b];
}
