// The command line with a device that is lost: SOAK_DELAY milliseconds after result number SOAK_READS is asked for, and
// again for each of the results after it until it was lost SOAK_LOSSES times, once where that is not said.

const { Device } = await import('rfclip/engine');
const { readAll } = Device.prototype;
let reads = Number(process.env.SOAK_READS);
let losses = Number(process.env.SOAK_LOSSES ?? 1);
Device.prototype.readAll = function (tensors) {
  if (--reads <= 0 && losses-- > 0) {
    const lose = () => this.gpu.destroy();
    const delay = Number(process.env.SOAK_DELAY);
    if (delay > 0) setTimeout(lose, delay);
    else lose();
  }
  return readAll.call(this, tensors);
};
await import('../../dist/cli/main.js');
