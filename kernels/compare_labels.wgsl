// compare_labels: counts[label][p] += 1 for every pixel; bytes = p
//
// How often each label of a picture met each prediction, which all metrics of an evaluation follow from, and the
// predictions in a quarter of their memory: a few kilobytes and a byte a pixel go back to the host, which has nothing
// left to count. A workgroup counts in memory of its own, where adding costs little although most pixels meet in a few
// cells, and adds its sums to those of all at the end.
//
// shapes   predictions p [pixels] u32, below 256; labels: bytes, four to a u32, lowest first, of which that at `first` is
//          the first pixel's; counts [classes + 1, classes + 1] u32, added to; bytes [ceil(pixels / 4)] u32, four
//          predictions each. A label or prediction from `classes` on counts in the last row or column; a pixel with the
//          label `ignored` counts nowhere.
// thread   8 words of 4 pixels, 64 words apart
// cost     0 FLOP, 6 bytes a pixel
// numerics whole numbers, so that the order in which threads add does not matter. No cell exceeds the pixels of a
//          picture, and 2^32 - 1 are 14 times as many as the largest picture has, 300 megapixels.

// Counts of a workgroup's own, at most 4096 in the 16 KiB that WebGPU grants; 1: there are more, and none are its own.
const CELLS: u32 = 1024u;
const WORDS = 512u;

struct Params { pixels: u32, first: u32, classes: u32, ignored: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> predictions: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> bytes: array<u32>;

// WGSL lets it begin with zeros.
var<workgroup> own: array<atomic<u32>, CELLS>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let columns = params.classes + 1u;
  let words = (params.pixels + 3u) / 4u;
  let begin = (group.y * groups.x + group.x) * WORDS;
  for (var word = begin + thread; word < min(begin + WORDS, words); word += 64u) {
    var packed = 0u;
    for (var pixel = 4u * word; pixel < min(4u * word + 4u, params.pixels); pixel++) {
      let prediction = predictions[pixel];
      packed |= (prediction & 0xffu) << (8u * (pixel % 4u));
      let at = params.first + pixel;
      let label = (labels[at / 4u] >> (8u * (at % 4u))) & 0xffu;
      if (label == params.ignored) { continue; }
      let cell = min(label, params.classes) * columns + min(prediction, params.classes);
      if (CELLS > 1u) { atomicAdd(&own[cell], 1u); } else { atomicAdd(&counts[cell], 1u); }
    }
    bytes[word] = packed;
  }
  if (CELLS > 1u) {
    workgroupBarrier();
    for (var cell = thread; cell < columns * columns; cell += 64u) {
      let count = atomicLoad(&own[cell]);
      if (count > 0u) { atomicAdd(&counts[cell], count); }
    }
  }
}
