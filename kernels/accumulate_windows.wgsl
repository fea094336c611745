// accumulate_windows: canvas[y][x][c] = mean over the windows covering (y, x) of window[w] enlarged to its box
//
// Every window brings a coarse map; the canvas pixel takes the bilinear value (align_corners = false, within the window)
// of each window that covers it, and averages. Gathering needs no atomics, and no window is ever stored at full size.
//
// shapes   maps [windows, map_height, map_width, channels]; corners [windows, 2] u32: top, left of each window, all of
//          window_height x window_width; canvas [rows, width, channels]: rows first_row .. first_row + rows
// thread   RUN values of one pixel of the canvas (see bilinear); a value is a channel, or four of them
// cost     8 FLOP and 16 bytes for each covering window
// numerics windows are added in order, then divided by their number, as the published code does
// versions CPU time on lavapipe, 6 windows of 14x14 to 448x336, 96 channels; the first run is compiled, too:
//            2 vectors (on a CPU)         120 ms   first 338 ms        4 vectors    108 ms   first 590 ms
//            4 channels (where they do
//            not divide by 4)             193 ms   first 388 ms        1 vector     170 ms   first 320 ms
//          A GPU takes one channel a thread: those beside each other read what lies side by side.

alias VALUE = f32;  // or vec4f: four channels, which must then divide by 4

const RUN: u32 = 1u;

struct Params {
  size: u32, channels: u32, windows: u32, map_height: u32, map_width: u32,
  window_height: u32, window_width: u32, width: u32, first_row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> maps: array<VALUE>;
@group(0) @binding(2) var<storage, read> corners: array<u32>;
@group(0) @binding(3) var<storage, read_write> canvas: array<VALUE>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= params.size) { return; }
  let runs = (params.channels + RUN - 1u) / RUN;
  let first = (i % runs) * RUN;
  let run = min(RUN, params.channels - first);
  let pixel = i / runs;
  let px = pixel % params.width;
  let py = pixel / params.width + params.first_row;
  let step_y = f32(params.map_height) / f32(params.window_height);
  let step_x = f32(params.map_width) / f32(params.window_width);
  var sums: array<VALUE, RUN>;
  var count = 0.0;
  for (var w = 0u; w < params.windows; w++) {
    let top = corners[2u * w];
    let left = corners[2u * w + 1u];
    if (py < top || px < left || py >= top + params.window_height || px >= left + params.window_width) { continue; }
    let sy = max(0.0, (f32(py - top) + 0.5) * step_y - 0.5);
    let sx = max(0.0, (f32(px - left) + 0.5) * step_x - 0.5);
    let y0 = min(u32(sy), params.map_height - 1u);
    let x0 = min(u32(sx), params.map_width - 1u);
    let y1 = min(y0 + 1u, params.map_height - 1u);
    let x1 = min(x0 + 1u, params.map_width - 1u);
    let fy = sy - f32(y0);
    let fx = sx - f32(x0);
    let row0 = (w * params.map_height + y0) * params.map_width;
    let row1 = (w * params.map_height + y1) * params.map_width;
    for (var k = 0u; k < run; k++) {
      let c = first + k;
      let upper = (1.0 - fx) * maps[(row0 + x0) * params.channels + c] + fx * maps[(row0 + x1) * params.channels + c];
      let lower = (1.0 - fx) * maps[(row1 + x0) * params.channels + c] + fx * maps[(row1 + x1) * params.channels + c];
      sums[k] += (1.0 - fy) * upper + fy * lower;
    }
    count += 1.0;
  }
  for (var k = 0u; k < run; k++) {
    canvas[pixel * params.channels + first + k] = select(VALUE(), sums[k] / count, count > 0.0);
  }
}
