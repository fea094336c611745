// redistribute_columns: per row, masked columns keep a part of their weight; the rest goes to the unmasked columns
//
//   freed   = sum over masked j of (1 - keep) x[j]
//   y[j]    = keep x[j]                                     for masked j
//   y[j]    = x[j] + freed x[j] / (sum over unmasked x + 1e-8)   for unmasked j
// RF-CLIP's attention refocusing: sinks give attention back to the other patches in proportion to what these have. The
// first `skip` rows and columns of every matrix (CLS) are copied.
//
// shapes   x, y [matrices, rows, columns], mask [matrices, columns - skip]
// thread   one row
// cost     4 FLOP and 12 bytes an element
// numerics a row keeps its sum to rounding, unless every column is masked: then the freed weight is lost, as published

struct Params { size: u32, rows: u32, columns: u32, skip: u32, keep: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let base = i * params.columns;
  let masks = (i / params.rows) * (params.columns - params.skip);
  if (i % params.rows < params.skip) {
    for (var j = 0u; j < params.columns; j++) { y[base + j] = x[base + j]; }
    return;
  }
  var freed = 0.0;
  var open = 0.0;
  for (var j = params.skip; j < params.columns; j++) {
    let value = x[base + j];
    if (mask[masks + j - params.skip] != 0.0) { freed += (1.0 - params.keep) * value; } else { open += value; }
  }
  for (var j = 0u; j < params.columns; j++) {
    let value = x[base + j];
    if (j < params.skip) {
      y[base + j] = value;
    } else if (mask[masks + j - params.skip] != 0.0) {
      y[base + j] = params.keep * value;
    } else {
      y[base + j] = value + freed * value / (open + 1e-8);
    }
  }
}
