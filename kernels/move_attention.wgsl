// move_attention: per row, source columns keep a part of their weight; the rest goes to the target columns
//
//   freed = (1 - keep) sum over sources of x[j]
//   y[j]  = keep x[j]                                   for sources
//   y[j]  = x[j] + freed x[j] / sum over targets of x   for targets that are no sources
//   y[j]  = x[j]                                        for all others, and everywhere if either set is empty
// RF-CLIP's attention redistribution: from distraction tokens to defocus tokens (the paper's beta is 1 - keep). The
// masks belong to patches; column 0 (CLS) is neither, unless CLASS_IS_TARGET. With keep = 0, CLASS_IS_TARGET and every
// patch a target, this is what masking the logits of the sources with minus infinity does. Rows below `first_row` are copied.
//
// shapes   x, y [batch, heads, tokens, tokens]; sources, targets [batch, tokens - 1]
// thread   one row
// cost     4 FLOP and 16 bytes an element
// numerics rows keep their sum to rounding

const CLASS_IS_TARGET: bool = false;

struct Params { rows: u32, tokens: u32, heads: u32, first_row: u32, keep: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> sources: array<f32>;
@group(0) @binding(3) var<storage, read> targets: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = (group.y * groups.x + group.x) * 64u + thread;
  if (row >= params.rows) { return; }
  let tokens = params.tokens;
  let base = row * tokens;
  let masks = row / (tokens * params.heads) * (tokens - 1u);
  var freed = 0.0;
  var open = select(0.0, x[base], CLASS_IS_TARGET);
  for (var j = 1u; j < tokens; j++) {
    if (sources[masks + j - 1u] != 0.0) {
      freed += (1.0 - params.keep) * x[base + j];
    } else if (targets[masks + j - 1u] != 0.0) {
      open += x[base + j];
    }
  }
  let moves = open > 0.0 && row % tokens >= params.first_row;
  y[base] = select(x[base], x[base] + freed * x[base] / open, CLASS_IS_TARGET && moves);
  for (var j = 1u; j < tokens; j++) {
    var value = x[base + j];
    if (moves) {
      if (sources[masks + j - 1u] != 0.0) {
        value *= params.keep;
      } else if (targets[masks + j - 1u] != 0.0) {
        value += freed * value / open;
      }
    }
    y[base + j] = value;
  }
}
