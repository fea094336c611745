// 03: LayerNorm. From a checkout: npx tsx examples/tour/03.ts
import { Device, layerNorm } from 'rfclip/engine';

const device = await Device.create();
const tokens = {
  'a token           ': [1, 2, 3, 4],
  'ten times as large': [10, 20, 30, 40],
  'far from zero     ': [1001, 1002, 1003, 1004],
  'one giant channel ': [1, 2, 3, 400],
};
const x = device.tensor(Object.values(tokens).flat(), [4, 4]); // [tokens, channels]
const [gamma, beta] = [device.tensor([1, 1, 1, 1], [4]), device.zeros([4])];
const y = await layerNorm(x, gamma, beta).readFloats();
Object.keys(tokens).forEach((name, token) => {
  const channels = Array.from(y.slice(4 * token, 4 * token + 4), (value) => value.toFixed(2));
  console.log(`${name} becomes ${channels.join(' ')}`);
});
device.destroy();
