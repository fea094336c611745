// box_average: y[b][skip + gy gw + gx][c] = 1/9 sum over dy, dx in {-1, 0, 1} of x[b][skip + (gy+dy) gw + (gx+dx)][c]
//
// The 3x3 depthwise mean over a grid of rows, with zero padding: always divided by 9, so cells at the border shrink, as
// a convolution with a constant kernel does. The first `skip` rows of each batch are no grid cells and are copied.
//
// shapes   x, y [batch, skip + gh gw, width]
// thread   one element
// cost     9 FLOP and 40 bytes an element (the neighbours come from cache)

struct Params { size: u32, width: u32, grid_height: u32, grid_width: u32, skip: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let rows = params.skip + params.grid_height * params.grid_width;
  let column = i % params.width;
  let row = (i / params.width) % rows;
  if (row < params.skip) {
    y[i] = x[i];
    return;
  }
  let batch_row = (i / params.width) - row;
  let cell = row - params.skip;
  let cy = i32(cell / params.grid_width);
  let cx = i32(cell % params.grid_width);
  var sum = 0.0;
  for (var dy = -1; dy <= 1; dy++) {
    for (var dx = -1; dx <= 1; dx++) {
      let gy = cy + dy;
      let gx = cx + dx;
      if (gy >= 0 && gx >= 0 && gy < i32(params.grid_height) && gx < i32(params.grid_width)) {
        let neighbour = batch_row + params.skip + u32(gy) * params.grid_width + u32(gx);
        sum += x[neighbour * params.width + column];
      }
    }
  }
  y[i] = sum / 9.0;
}
