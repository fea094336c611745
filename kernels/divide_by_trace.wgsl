// divide_by_trace: y[b] = x[b] / trace(x[b])
//
// Keeps repeated squaring of a positive semidefinite matrix in range: its largest eigenvalue is at most its trace and at
// least trace / n, so a square never under- or overflows.
//
// shapes   x, y [batch, n, n]; diagonal sums are taken by each workgroup for itself
// thread   64 threads share the trace of their matrix, then each divides elements of one row
// cost     n + n^2 FLOP a matrix, 8 n^2 bytes; one workgroup a row

const THREADS = 64u;

struct Params { rows: u32, n: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.y * groups.x + group.x;
  let n = params.n;
  let matrix = min(row, params.rows - 1u) / n * n * n;
  var part = 0.0;
  for (var i = thread; i < n; i += THREADS) { part += x[matrix + i * n + i]; }
  parts[thread] = part;
  workgroupBarrier();
  for (var stride = THREADS / 2u; stride > 0u; stride /= 2u) {
    if (thread < stride) { parts[thread] += parts[thread + stride]; }
    workgroupBarrier();
  }
  if (row >= params.rows) { return; }
  let trace = parts[0];
  for (var j = thread; j < n; j += THREADS) { y[row * n + j] = x[row * n + j] / trace; }
}
