// repair_channels: on some channels, masked grid cells take the mean of their neighbours in the grid
//
//   y[cell][c] = mean over the in-bounds 8 neighbours of x[neighbour][c]   where mask[cell] and c is listed
//   y = x elsewhere, and for a cell without neighbours
// RF-CLIP's embedding redistribution: only the distraction dimensions of distraction tokens change; the neighbours' old
// values count, whether or not these are distraction tokens themselves. The first `skip` rows (CLS) are copied.
//
// shapes   x, y [batch, skip + gh gw, width]; mask [batch, gh gw]; listed [width] f32, 1 for a listed channel
// thread   one element
// cost     0 to 9 FLOP and 12 to 44 bytes an element

struct Params { size: u32, width: u32, grid_height: u32, grid_width: u32, skip: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read> listed: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

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
  if (row < params.skip || listed[column] == 0.0) { return; }
  let cell = row - params.skip;
  if (mask[batch * cells + cell] == 0.0) { return; }
  let cy = i32(cell / params.grid_width);
  let cx = i32(cell % params.grid_width);
  var sum = 0.0;
  var count = 0.0;
  for (var dy = -1; dy <= 1; dy++) {
    for (var dx = -1; dx <= 1; dx++) {
      let gy = cy + dy;
      let gx = cx + dx;
      if ((dy == 0 && dx == 0) || gy < 0 || gx < 0 || gy >= i32(params.grid_height) || gx >= i32(params.grid_width)) { continue; }
      sum += x[(batch * rows + params.skip + u32(gy) * params.grid_width + u32(gx)) * params.width + column];
      count += 1.0;
    }
  }
  if (count > 0.0) { y[i] = sum / count; }
}
