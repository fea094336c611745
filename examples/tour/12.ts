// 12: from labels to mIoU. From a checkout: npx tsx examples/tour/12.ts
import { areasOf, countPixels, emptyConfusion, metricsOf } from 'rfclip/datasets';

const classes = ['sky', 'cat', 'dog', 'bus'];
const labels = [0, 0, 0, 0, 1, 1, 1, 255]; // eight pixels; 255: nobody says what it is
const predicted = [0, 0, 0, 1, 1, 1, 2, 2];
const confusion = emptyConfusion(classes.length);
countPixels(confusion, predicted, labels);
const { intersection, union } = areasOf(confusion);
const { iou, mIoU, aAcc } = metricsOf(areasOf(confusion));
const percent = (ratio: number | null) => (ratio === null ? 'none' : `${(100 * ratio).toFixed(1)} %`);
classes.forEach((name, k) => console.log(`${name}: ${intersection[k]} of ${union[k]}, ${percent(iou[k])}`));
console.log(`mIoU ${percent(mIoU)}, pixel accuracy ${percent(aAcc)}`);
