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
// thread   ROWS pixels below each other, which lie between the same three rows of x, so that those are read and mixed along
//          the row once; the queries of a pixel and of its neighbours are contiguous
// cost     24 FLOP, an exponential and 32 bytes a query, most of them from a cache; of these, 12 and 32 are shared by the
//          pixels of a thread, or 18 and 48 where ROWS is above 1
// numerics coordinates as in bilinear; the first query wins a tie, and with it the first class; scale must be above 0, or
//          probabilities would not be ordered as logits. Two logits whose probabilities round to the same are told apart
//          here, where label_pixels takes the first class.
// versions CPU time on lavapipe, medians of 7; ROWS is 1 on a GPU, whose threads beside each other share what they read:
//                                  448x336 to 500x375          9x7 to 448x336
//                                   13 queries   56 queries    96 queries
//            this, ROWS = 4                                         47 ms
//            this, ROWS = 2              21 ms        66 ms         82 ms
//            this, ROWS = 1              24 ms        81 ms        111 ms
//            bilinear, label_pixels      45 ms       169 ms

const ROWS: u32 = 1u;

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

// Where a row of the output lies among the rows of the image.
fn down(row: u32) -> f32 {
  return source(params.first_row + row, params.in_height, params.out_height);
}

fn rowAbove(sy: f32) -> u32 {
  return min(u32(sy), params.in_height - 1u);
}

// Query q between the columns x0 and x1, in three rows of x; the last one is only looked at where threads have several rows.
fn along(rows: vec3u, x0: u32, x1: u32, fx: f32, q: u32) -> vec3f {
  let left = (rows + x0) * params.queries + q;
  let right = (rows + x1) * params.queries + q;
  var third = vec2f();
  if (ROWS > 1u) { third = vec2f(x[left.z], x[right.z]); }
  return (1.0 - fx) * vec3f(x[left.x], x[left.y], third.x) + fx * vec3f(x[right.x], x[right.y], third.y);
}

// The value between two of the rows. The maximum changes nothing, but keeps compilers from rearranging the sum together with
// what is subtracted from it, which would give two values for one.
fn enlarged(rows: vec3f, is_below: bool, fy: f32) -> f32 {
  let between = select(rows.xy, rows.yz, is_below);
  return max((1.0 - fy) * between.x + fy * between.y, -3.4028234e38);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let column = i % params.out_width;
  let first = i / params.out_width * ROWS;
  let rows = params.pixels / params.out_width;
  if (first >= rows) { return; }
  let sx = source(column, params.in_width, params.out_width);
  let x0 = min(u32(sx), params.in_width - 1u);
  let x1 = min(x0 + 1u, params.in_width - 1u);
  let fx = sx - f32(x0);

  let upmost = rowAbove(down(first));
  let undermost = rowAbove(down(min(first + ROWS, rows) - 1u));
  let offsets = vec3u(
    (upmost - params.in_first) * params.in_width,
    (min(upmost + 1u, params.in_height - 1u) - params.in_first) * params.in_width,
    (min(undermost + 1u, params.in_height - 1u) - params.in_first) * params.in_width,
  );
  var is_below: array<bool, ROWS>;
  var fy: array<f32, ROWS>;
  var largest: array<f32, ROWS>;
  var winner: array<u32, ROWS>;
  var sum: array<f32, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    let sy = down(min(first + r, rows - 1u));
    let y = min(rowAbove(sy), upmost + 1u);
    is_below[r] = y > upmost;
    fy[r] = sy - f32(y);
    largest[r] = -3.4028234e38;
  }
  for (var q = 0u; q < params.queries; q++) {
    let between = along(offsets, x0, x1, fx, q);
    for (var r = 0u; r < ROWS; r++) {
      let logit = enlarged(between, is_below[r], fy[r]);
      if (logit > largest[r]) {
        largest[r] = logit;
        winner[r] = q;
      }
    }
  }
  for (var q = 0u; q < params.queries; q++) {
    let between = along(offsets, x0, x1, fx, q);
    for (var r = 0u; r < ROWS; r++) {
      let part = exp(params.scale * (enlarged(between, is_below[r], fy[r]) - largest[r]));
      sum[r] += part;
      if (part == 1.0) { winner[r] = min(winner[r], q); }
    }
  }
  for (var r = 0u; r < ROWS; r++) {
    if (first + r < rows) {
      let pixel = (first + r) * params.out_width + column;
      best[pixel] = 1.0 / sum[r];
      labels[pixel] = select(class_of[winner[r]], 0u, 1.0 / sum[r] < params.threshold);
    }
  }
}
