// top_values: values[r][0..count) = the largest elements of x[r], largest first, and where they are
//
// shapes   x [rows, width], values [rows, count], index [rows, count] u32
// thread   one row: the next value is the largest of those that come after the last one, equal ones in order of place.
// cost     rows count width comparisons

struct Params { rows: u32, width: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> index: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * 64u + thread;
  if (row >= params.rows) { return; }
  let base = row * params.width;
  var last = 3.4028234e38;
  var place = 0u;
  for (var rank = 0u; rank < params.count; rank++) {
    var best = -3.4028234e38;
    var best_place = params.width;
    for (var c = 0u; c < params.width; c++) {
      let value = x[base + c];
      let comes_after = value < last || (value == last && rank > 0u && c > place);
      if (comes_after && (value > best || best_place == params.width)) {
        best = value;
        best_place = c;
      }
    }
    last = best;
    place = best_place;
    values[row * params.count + rank] = best;
    index[row * params.count + rank] = best_place;
  }
}
