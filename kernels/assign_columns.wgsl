// assign_columns: the permutation c of columns that maximises sum_i x[b][i][c(i)], and the scores x[b][i][c(i)] it takes
//
// The assignment problem by Kuhn and Munkres with potentials, rows added one at a time, each along a cheapest
// alternating path (Jonker and Volgenant 1987; costs are -x). The arrays are numbered from 1, so that 0 can stand for
// "no row" and for the column where a path begins.
//
// shapes   x [batch, n, n] with n <= 32, column [batch, n] u32, score [batch, n]
// thread   one batch: n is a number of heads
// cost     about 4 n^3 operations, 7000 for 12 heads
// numerics f32 throughout: an assignment that is better by less than about n 1e-7 max|x| may be missed

const MAX_SIZE = 33u;

struct Params { batch: u32, n: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> column: array<u32>;
@group(0) @binding(3) var<storage, read_write> score: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let batch = (group.y * groups.x + group.x) * 64u + thread;
  if (batch >= params.batch) { return; }
  let n = params.n;
  let base = batch * n * n;
  var row_potential: array<f32, MAX_SIZE>;
  var column_potential: array<f32, MAX_SIZE>;
  var row_of: array<u32, MAX_SIZE>;
  var previous: array<u32, MAX_SIZE>;
  var slack: array<f32, MAX_SIZE>;
  var visited: array<u32, MAX_SIZE>;
  for (var j = 0u; j <= n; j++) {
    row_potential[j] = 0.0;
    column_potential[j] = 0.0;
    row_of[j] = 0u;
  }

  for (var row = 1u; row <= n; row++) {
    row_of[0] = row;
    for (var j = 0u; j <= n; j++) {
      slack[j] = 3.4028234e38;
      visited[j] = 0u;
    }
    var end = 0u;
    // Each step settles one more column, so n + 1 steps always reach a free one.
    for (var step = 0u; step <= n; step++) {
      visited[end] = 1u;
      let from_row = row_of[end];
      var delta = 3.4028234e38;
      var next = 0u;
      for (var j = 1u; j <= n; j++) {
        if (visited[j] == 1u) { continue; }
        let reduced = -x[base + (from_row - 1u) * n + j - 1u] - row_potential[from_row] - column_potential[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          previous[j] = end;
        }
        if (slack[j] < delta) {
          delta = slack[j];
          next = j;
        }
      }
      for (var j = 0u; j <= n; j++) {
        if (visited[j] == 1u) {
          row_potential[row_of[j]] += delta;
          column_potential[j] -= delta;
        } else {
          slack[j] -= delta;
        }
      }
      end = next;
      if (row_of[end] == 0u) { break; }
    }
    // Along the path every column goes to the row of the column before it.
    while (end != 0u) {
      let before = previous[end];
      row_of[end] = row_of[before];
      end = before;
    }
  }

  for (var j = 1u; j <= n; j++) {
    let row = row_of[j] - 1u;
    column[batch * n + row] = j - 1u;
    score[batch * n + row] = x[base + row * n + j - 1u];
  }
}
