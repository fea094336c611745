// label_resized: label_pixels of bilinear of x: the class with the largest probability at every pixel of an enlarged map
//
//   v[q] = x enlarged;   label = class of argmax v, 0 where 1 / sum_q exp(scale (v[q] - max)) < threshold
// In one launch, and without the enlarged logits of all queries, which are the largest tensor of a large photo by far. A
// softmax never changes the order, so that the class of the largest logit is the best one, with probability exp(0) / sum.
// The same as bilinear and label_pixels one after the other, which are the version to read first, and the one that gives
// all probabilities. So that both give the same confidence, digit by digit, the logits are enlarged twice, for the maximum
// and for the sum, where the online softmax of flash_attention would need one pass.
//
// shapes   x [in_rows, in_width, queries]: rows in_first .. of an image of in_height rows (see bilinear); class_of
//          [queries] u32, not decreasing; labels [pixels] u32, best [pixels]: rows first_row .. of an image of out_height x
//          out_width
// thread   one pixel; its queries and those of its neighbours are contiguous
// cost     24 FLOP, an exponential and 32 bytes a query, most of them from a cache
// numerics coordinates as in bilinear; the first query wins a tie, and with it the first class; scale must be above 0, or
//          probabilities would not be ordered as logits. Two logits whose probabilities round to the same are told apart
//          here, where label_pixels takes the first class.
// versions CPU time on lavapipe, 448x336 to 500x375, medians of 7:
//                                   13 queries   56 queries
//            this                        23 ms        81 ms
//            bilinear, label_pixels      45 ms       169 ms

struct Params {
  pixels: u32, queries: u32, in_height: u32, in_width: u32, in_first: u32,
  out_height: u32, out_width: u32, first_row: u32,
  scale: f32, threshold: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> class_of: array<u32>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> best: array<f32>;

fn source(out: u32, in_size: u32, out_size: u32) -> f32 {
  return max(0.0, (f32(out) + 0.5) * (f32(in_size) / f32(out_size)) - 0.5);
}

// The value between the elements p of x: upper left, upper right, lower left, lower right. The maximum changes nothing, but
// keeps compilers from rearranging the sum together with what is subtracted from it, which would give two values for one.
fn enlarged(p: vec4u, fy: f32, fx: f32) -> f32 {
  let top = (1.0 - fx) * x[p.x] + fx * x[p.y];
  let bottom = (1.0 - fx) * x[p.z] + fx * x[p.w];
  return max((1.0 - fy) * top + fy * bottom, -3.4028234e38);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let pixel = (group.y * groups.x + group.x) * 64u + thread;
  if (pixel >= params.pixels) { return; }
  let sy = source(pixel / params.out_width + params.first_row, params.in_height, params.out_height);
  let sx = source(pixel % params.out_width, params.in_width, params.out_width);
  let y0 = min(u32(sy), params.in_height - 1u);
  let x0 = min(u32(sx), params.in_width - 1u);
  let y1 = min(y0 + 1u, params.in_height - 1u);
  let x1 = min(x0 + 1u, params.in_width - 1u);
  let fy = sy - f32(y0);
  let fx = sx - f32(x0);
  let row0 = (y0 - params.in_first) * params.in_width;
  let row1 = (y1 - params.in_first) * params.in_width;
  let corners = vec4u(row0 + x0, row0 + x1, row1 + x0, row1 + x1) * params.queries;

  var largest = -3.4028234e38;
  var winner = 0u;
  for (var q = 0u; q < params.queries; q++) {
    let logit = enlarged(corners + q, fy, fx);
    if (logit > largest) {
      largest = logit;
      winner = q;
    }
  }
  var sum = 0.0;
  for (var q = 0u; q < params.queries; q++) {
    let part = exp(params.scale * (enlarged(corners + q, fy, fx) - largest));
    sum += part;
    if (part == 1.0) { winner = min(winner, q); }
  }
  best[pixel] = 1.0 / sum;
  labels[pixel] = select(class_of[winner], 0u, 1.0 / sum < params.threshold);
}
