// The command line with a device that is lost: SOAK_DELAY milliseconds after result number SOAK_READS is asked for.
import { errorOutput } from '../../dist/cli/console.js';

// As the command line itself does it, before Dawn is loaded.
errorOutput();
const { Device } = await import('../../dist/engine/device.js');
const { readAll } = Device.prototype;
let reads = Number(process.env.SOAK_READS);
Device.prototype.readAll = function (tensors) {
  if (--reads === 0) {
    const lose = () => this.gpu.destroy();
    const delay = Number(process.env.SOAK_DELAY);
    if (delay > 0) setTimeout(lose, delay);
    else lose();
  }
  return readAll.call(this, tensors);
};
await import('../../dist/cli/main.js');
