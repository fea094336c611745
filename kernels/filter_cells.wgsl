// filter_cells: masked cells of a grid are smoothed over their 3x3 neighbourhood, channel by channel
//
//   FILTER 0  mean of the in-bounds cells, the cell included
//   FILTER 1  low-pass: binomial weights 1 2 1 / 2 4 2 / 1 2 1 over the in-bounds cells, divided by their sum
//   FILTER 2  median of the in-bounds cells (the mean of the middle two where their number is even)
// The suppression strategies that RF-CLIP's ablation compares. Old values are read, also those of masked neighbours; the
// first `skip` rows (CLS) are copied.
//
// shapes   x, y [batch, skip + gh gw, width]; mask [batch, gh gw]
// thread   one element
// cost     up to 18 FLOP (36 comparisons for the median) and 12 to 44 bytes an element
// numerics every result lies between the smallest and the largest value of the neighbourhood, to rounding

const FILTER: u32 = 0u;

struct Params { size: u32, width: u32, grid_height: u32, grid_width: u32, skip: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let cells = params.grid_height * params.grid_width;
  let rows = params.skip + cells;
  let column = i % params.width;
  let row = (i / params.width) % rows;
  let batch = i / (params.width * rows);
  y[i] = x[i];
  if (row < params.skip) { return; }
  let cell = row - params.skip;
  if (mask[batch * cells + cell] == 0.0) { return; }
  let cy = i32(cell / params.grid_width);
  let cx = i32(cell % params.grid_width);
  var sum = 0.0;
  var weights = 0.0;
  var sorted: array<f32, 9>;
  var count = 0u;
  for (var dy = -1; dy <= 1; dy++) {
    for (var dx = -1; dx <= 1; dx++) {
      let gy = cy + dy;
      let gx = cx + dx;
      if (gy < 0 || gx < 0 || gy >= i32(params.grid_height) || gx >= i32(params.grid_width)) { continue; }
      let value = x[(batch * rows + params.skip + u32(gy) * params.grid_width + u32(gx)) * params.width + column];
      let weight = select(1.0, f32((2 - abs(dy)) * (2 - abs(dx))), FILTER == 1u);
      sum += weight * value;
      weights += weight;
      if (FILTER == 2u) {
        var place = count;
        while (place > 0u && sorted[place - 1u] > value) {
          sorted[place] = sorted[place - 1u];
          place--;
        }
        sorted[place] = value;
      }
      count++;
    }
  }
  if (FILTER == 2u) {
    y[i] = 0.5 * (sorted[(count - 1u) / 2u] + sorted[count / 2u]);
  } else {
    y[i] = sum / weights;
  }
}
