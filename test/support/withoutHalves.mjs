// The command line on an adapter whose devices have no f16.

const { Device } = await import('rfclip/engine');
const { has } = Device.prototype;
Device.prototype.has = function (feature) {
  return feature !== 'shader-f16' && has.call(this, feature);
};
await import('../../dist/cli/main.js');
