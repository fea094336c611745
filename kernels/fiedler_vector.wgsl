// fiedler_vector: reads the largest eigenvector z out of a matrix that has become z z^T, and y = D^(-1/2) z
//
//   j* = the row with the largest diagonal (z_j^2);  z = p[:, j*] / |p[:, j*]|
//   y_i = z_i / sqrt(d_i), so that y^T D y = 1; the sign makes the component of largest magnitude positive
//   mask_i = 1 where y_i > mean(y): RF-CLIP's defocus tokens
//
// shapes   p [batch, n, n]; d [batch, n]; y, mask [batch, n]
// thread   one matrix: n is a few hundred, and this runs once per layer
// cost     10 n FLOP a matrix

struct Params { batch: u32, n: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> d: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> mask: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  if (b >= params.batch) { return; }
  let n = params.n;
  let matrix = b * n * n;
  var column = 0u;
  for (var i = 1u; i < n; i++) {
    if (p[matrix + i * n + i] > p[matrix + column * n + column]) { column = i; }
  }
  var squares = 0.0;
  for (var i = 0u; i < n; i++) {
    let value = p[matrix + i * n + column];
    squares += value * value;
  }
  var norm = sqrt(squares);
  if (norm == 0.0) { norm = 1.0; }
  var largest = 0.0;
  for (var i = 0u; i < n; i++) {
    let value = p[matrix + i * n + column] / norm / sqrt(d[b * n + i]);
    if (abs(value) > abs(largest)) { largest = value; }
  }
  let sign = select(1.0, -1.0, largest < 0.0);
  var sum = 0.0;
  for (var i = 0u; i < n; i++) {
    let value = sign * p[matrix + i * n + column] / norm / sqrt(d[b * n + i]);
    y[b * n + i] = value;
    sum += value;
  }
  let mean = sum / f32(n);
  for (var i = 0u; i < n; i++) { mask[b * n + i] = select(0.0, 1.0, y[b * n + i] > mean); }
}
