import { expect, it } from 'vitest';
import { formatResult } from '../../cli/eval/tables.ts';
import { emptyConfusion } from '../../datasets/confusion.ts';
import { reportResult } from '../support/reportFixture.ts';

it('a result has a row for each class, and none where no image was counted', () => {
  const confusion = emptyConfusion(2);
  const formatted = (counted: number) =>
    formatResult(reportResult(['a', 'b'], { confusion, images: { selected: 7, counted } }));
  expect(formatted(7)).toMatch(/│ a .*\n│ b .*\n└.*\nmIoU -, /);
  expect(formatted(0)).toMatch(/^mIoU -, mAcc -, aAcc - in percent, .*: 0 of 7 images/);
});
