/** Segments one image. From a checkout: `npx tsx examples/segment.ts`. */
import { Model } from 'rfclip';

// Finds a GPU and uploads the checkpoint that comes with the package, which knows drawings of 52 things. Photographs
// need a published one: `Model.open({ checkpoint: 'ViT-B/16' })` downloads it once.
const model = await Model.open();

// Commas separate classes, semicolons synonyms. The words are encoded here, once for all images. A second argument
// chooses more: `{ method: 'sclip', pamr: true, window: 0, background: 'background' }`.
const segmenter = await model.segmenter('horse, moon; full moon, soil');

// A path, a file URL, the bytes of a picture file, or pixels as { width, height, data }.
const result = await segmenter.segment(new URL('scenes/scene_0025.jpg', import.meta.url));

// [{ name, share, probability }, ...]: share of the pixels, and how sure the pixels are on average.
console.log(result.classes);

// The class index of every pixel, row by row: result.classNames[label] is its name.
const { data: labels, shape } = result.labels;
console.log(`${shape.join(' x ')} labels, the first is ${result.classNames[labels[0]]}`);

// Writes out/scene.label.png (class indices), out/scene.overlay.png (colours and a legend) and out/scene.json.
console.log(await result.save('out/scene'));

// Frees the GPU, so that the process can end. `using model = ...` does it by itself.
model.close();
