// patch_affinity: w[b][i][j] = 1/(2 heads) sum_h (a[b][h][1+i][1+j] + a[b][h][1+j][1+i])
//
// The symmetric affinity of patches that RF-CLIP's defocus localisation cuts: attention averaged over heads, CLS
// dropped (not renormalised), W = (A + A^T) / 2.
//
// shapes   a [batch, heads, tokens, tokens], w [batch, tokens - 1, tokens - 1]
// thread   one element of w
// cost     2 heads FLOP and 8 heads bytes an element
// numerics the sum runs over heads with i < j first for both (i, j) and (j, i), so w is exactly symmetric

struct Params { size: u32, heads: u32, tokens: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> w: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let patches = params.tokens - 1u;
  let row = (i / patches) % patches + 1u;
  let column = i % patches + 1u;
  let low = min(row, column);
  let high = max(row, column);
  let matrix = params.tokens * params.tokens;
  let base = (i / (patches * patches)) * params.heads * matrix;
  var sum = 0.0;
  for (var h = 0u; h < params.heads; h++) {
    sum += a[base + h * matrix + low * params.tokens + high] + a[base + h * matrix + high * params.tokens + low];
  }
  w[i] = sum / f32(2u * params.heads);
}
