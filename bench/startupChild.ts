import { Device } from '../engine/device.ts';
import { parseClassList } from '../rfclip/classes.ts';
import { Model, prepareImage } from '../rfclip/model.ts';
import { SEGMENTER_DEFAULTS, SEMANTICS_DEFAULTS } from '../rfclip/segmenterOptions.ts';

// performance.now() counts from the start of the process.
const device = await Device.create({ adapter: process.argv[2] });
const ready = performance.now();
const model = Model.open({ device, cacheText: false });
void model.imageEncoder;
void model.textEncoder;
const opened = performance.now();
const segmenter = await model.segmenter(parseClassList('cat, grass'), 'rfclip', {
  ...SEGMENTER_DEFAULTS,
  semantics: SEMANTICS_DEFAULTS,
});
const text = performance.now();
const image = { width: 500, height: 336, data: Uint8Array.from({ length: 500 * 336 * 3 }, (_, i) => (i * 37) % 256) };
await segmenter.segment(prepareImage(image), image.height, image.width);
const labels = performance.now();
process.stdout.write(
  JSON.stringify({
    device: ready,
    model: opened,
    text,
    labels,
    compile: device.pipelines.compileMilliseconds,
    adapter: device.name,
  }),
);
device.destroy();
