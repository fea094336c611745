import { Device } from '../engine/device.ts';
import { parseClassList } from '../rfclip/classes.ts';
import { findMethod } from '../rfclip/methods/index.ts';
import { ClipModel } from '../rfclip/clipModel.ts';
import { prepareImage } from '../rfclip/prepareImage.ts';
import { settingsOf } from '../rfclip/settings.ts';

// performance.now() counts from the start of the process.
const device = await Device.create({ adapter: process.argv[2] });
const ready = performance.now();
const model = ClipModel.open({ device, cacheText: false });
void model.imageEncoder;
void model.textEncoder;
const opened = performance.now();
const method = findMethod('rfclip');
const segmenter = await model.segmenter(parseClassList('cat, grass'), method, settingsOf(method));
const text = performance.now();
const image = { width: 500, height: 336, data: Uint8Array.from({ length: 500 * 336 * 3 }, (_, i) => (i * 37) % 256) };
await segmenter.segment(prepareImage(image, segmenter.settings.resize), image.height, image.width);
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
