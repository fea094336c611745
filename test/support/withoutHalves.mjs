// The command line on an adapter whose devices have no f16.
import { errorOutput } from '../../dist/cli/console.js';

// As the command line itself does it, before Dawn is loaded.
errorOutput();
const { Device } = await import('../../dist/engine/device.js');
const { has } = Device.prototype;
Device.prototype.has = function (feature) {
  return feature !== 'shader-f16' && has.call(this, feature);
};
await import('../../dist/cli/main.js');
