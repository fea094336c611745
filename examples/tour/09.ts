// 09: a cut through six patches, and attention that moves. From a checkout: npx tsx examples/tour/09.ts
import { Device, fiedlerVector, moveAttention } from 'rfclip/engine';

const device = await Device.create();
// Four patches of background and two of a thing: alike (1) where they belong together, hardly (0.1) where not.
const thing = [0, 0, 0, 0, 1, 1];
const alike = thing.flatMap((a) => thing.map((b) => (a === b ? 1 : 0.1)));
const { y, aboveMean } = fiedlerVector(device.tensor(alike, [1, 6, 6])); // [1, 6] both
// Every token looks at CLS and six patches in the same way, and half of its attention goes to the first patch.
const row = [0.1, 0.5, 0.1, 0.1, 0.1, 0.06, 0.04];
const attention = device.tensor(Array(7).fill(row).flat(), [1, 1, 7, 7]);
const distraction = device.tensor([1, 0, 0, 0, 0, 0], [1, 6]);
const moved = moveAttention(attention, distraction, aboveMean, 0.3, { firstRow: 0 }); // 1 - beta = 0.3 is left
const [vector, mask, after] = await device.readAll([y, aboveMean, moved]);
console.log(`y:      ${Array.from(vector, (value) => value.toFixed(3)).join(' ')}`);
console.log(`T_def:  ${mask.join(' ')}`);
console.log(`before: ${row.join(' ')}`);
console.log(`after:  ${Array.from(after.slice(0, 7), (value) => Number(value.toFixed(3))).join(' ')}`);
device.destroy();
