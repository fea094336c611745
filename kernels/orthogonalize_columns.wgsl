// orthogonalize_columns: y = x V with V orthogonal and y^T y diagonal, for every head of every batch
//
// One-sided Jacobi (Hestenes 1958): every pair of columns is turned in its plane until the two are orthogonal, again and
// again, until all pairs are. Then y = U S of the singular value decomposition x = U S V^T, columns in no order, and
// their squared lengths are the eigenvalues of x x^T: the spectrum of a graph of patches without ever forming the graph.
//
// shapes   x [batch, rows, heads * width] (head h is columns h * width ...), y [batch, heads, rows, width],
//          squares [batch, heads, width]: squared lengths of y's columns
// thread   a workgroup takes one matrix. A round pairs every column with one other (the circle method of tournaments), so
//          its turns are independent; TEAM threads share a pair, each taking every TEAM-th row.
// cost     6 rows FLOP a pair and round to look, 6 more to turn; width - 1 rounds a sweep. Sweeps counted on made-up keys of
//          width 64 with an offset: 9 where the spectrum is flat, 14 where each direction is 0.9 of the one before, 16 at
//          0.8. Memory stays in the cache; barriers dominate on a GPU.
// numerics a pair is orthogonal where its product is below 1e-6 of the two lengths, or below what rounding of the whole matrix
//          leaves in the longer one. Singular values are off by some 1e-7 of the largest; were x^T x formed, that would
//          hold for their squares only, and one of 1e-4 of the largest would drown (Demmel and Veselic 1992). Should the
//          last sweep still turn pairs, y y^T is x x^T all the same, and only the shortest columns are not quite orthogonal.
// dropped  putting the longer column of a pair first, as sequential versions do: with this order of pairs it needs half as
//          many sweeps again (13 for 9, 23 for 14)

const THREADS = 64u;
const TEAM = 2u;
const MAX_SWEEPS = 20u;
const TOLERANCE = 1e-6;
const ROUNDING = 1e-7;

struct Params { matrices: u32, rows: u32, width: u32, heads: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> squares: array<f32>;

var<workgroup> parts: array<vec3f, THREADS>;
var<workgroup> turned: atomic<u32>;
var<workgroup> again: u32;
var<workgroup> size: f32;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let matrix = group.y * groups.x + group.x;
  // The whole workgroup leaves together, so that no barrier waits for it.
  if (matrix >= params.matrices) { return; }
  let rows = params.rows;
  let width = params.width;
  let base = matrix * rows * width;
  let x_base = (matrix / params.heads) * rows * params.heads * width + (matrix % params.heads) * width;

  var square = 0.0;
  for (var i = thread; i < rows * width; i += THREADS) {
    let value = x[x_base + (i / width) * params.heads * width + i % width];
    y[base + i] = value;
    square += value * value;
  }
  parts[thread] = vec3f(square, 0.0, 0.0);
  workgroupBarrier();
  if (thread == 0u) {
    var total = 0.0;
    for (var i = 0u; i < THREADS; i++) { total += parts[i].x; }
    size = sqrt(total);
  }
  storageBarrier();
  workgroupBarrier();

  let players = width + width % 2u;
  let pairs = players / 2u;
  let member = thread % TEAM;
  for (var sweep = 0u; sweep < MAX_SWEEPS; sweep++) {
    for (var round = 0u; round + 1u < players; round++) {
      for (var first = 0u; first < pairs; first += THREADS / TEAM) {
        let pair = first + thread / TEAM;
        // Player `players - 1` stays, the others move round the circle.
        let a = (round + pair) % (players - 1u);
        let b = select((round + players - 1u - pair) % (players - 1u), players - 1u, pair == 0u);
        // With an odd number of columns one of them has no partner in each round.
        let plays = pair < pairs && a < width && b < width;
        var sums = vec3f(0.0);
        if (plays) {
          for (var row = member; row < rows; row += TEAM) {
            let p = y[base + row * width + a];
            let q = y[base + row * width + b];
            sums += vec3f(p * p, q * q, p * q);
          }
        }
        parts[thread] = sums;
        workgroupBarrier();
        sums = vec3f(0.0);
        for (var i = 0u; i < TEAM; i++) { sums += parts[thread - member + i]; }
        let allowed = TOLERANCE * sqrt(sums.x) * sqrt(sums.y) + ROUNDING * size * sqrt(max(sums.x, sums.y));
        if (plays && abs(sums.z) > allowed) {
          // The smaller of the two turns that make the columns orthogonal (Rutishauser).
          let zeta = (sums.y - sums.x) / (2.0 * sums.z);
          let tangent = select(-1.0, 1.0, zeta >= 0.0) / (abs(zeta) + sqrt(1.0 + zeta * zeta));
          let cosine = 1.0 / sqrt(1.0 + tangent * tangent);
          let sine = cosine * tangent;
          for (var row = member; row < rows; row += TEAM) {
            let p = y[base + row * width + a];
            let q = y[base + row * width + b];
            y[base + row * width + a] = cosine * p - sine * q;
            y[base + row * width + b] = sine * p + cosine * q;
          }
          if (member == 0u) { atomicStore(&turned, 1u); }
        }
        storageBarrier();
        workgroupBarrier();
      }
    }
    if (thread == 0u) { again = atomicExchange(&turned, 0u); }
    if (workgroupUniformLoad(&again) == 0u) { break; }
  }

  for (var column = thread; column < width; column += THREADS) {
    var sum = 0.0;
    for (var row = 0u; row < rows; row++) {
      let value = y[base + row * width + column];
      sum += value * value;
    }
    squares[matrix * width + column] = sum;
  }
}
