// 05: what a block costs. From a checkout: npx tsx examples/tour/05.ts
const [C, H, T] = [768, 12, 589]; // ViT-B/16 and an image of 336 x 448 pixels: 21 x 28 patches and CLS
const stages = {
  'query, key, value': { weights: C * 3 * C, products: T * C * 3 * C, output: T * 3 * C },
  'scores           ': { weights: 0, products: T * C * T, output: H * T * T },
  'mixed values     ': { weights: 0, products: T * T * C, output: T * C },
  'output projection': { weights: C * C, products: T * C * C, output: T * C },
  'MLP, wider       ': { weights: C * 4 * C, products: T * C * 4 * C, output: T * 4 * C },
  'MLP, narrower    ': { weights: 4 * C * C, products: T * 4 * C * C, output: T * C },
};
const all = Object.values(stages).reduce((sum, { products }) => sum + products, 0);
for (const [name, { weights, products, output }] of Object.entries(stages)) {
  const numbers = [weights / 1e6, (2 * products) / 1e9, (100 * products) / all, (4 * output) / 2 ** 20];
  const [millions, flop, share, size] = numbers.map((number) => number.toFixed(2));
  console.log(`${name}: ${millions} million weights, ${flop} GFLOP (${share} %), ${size} MiB`);
}
