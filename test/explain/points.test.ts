import { expect, test } from 'vitest';
import { checkPoints } from '../../explain/points.ts';
import { RequestError } from '../../system/requestError.ts';

const SIZE = { width: 40, height: 30 };
const nine = Array.from({ length: 9 }, () => ({ x: 1, y: 1 }));

test('points inside of the image pass, as many as a page can hold', () => {
  checkPoints([{ x: 0, y: 0 }, { x: 39, y: 29 }, ...nine.slice(3)], 'a.jpg', SIZE);
});

test.each([
  [nine, undefined, 'points', '9 points were given, expected at most 8 points'],
  [nine, '--at', '--at', '--at was given 9 times, expected at most 8 points'],
  [
    [{ x: 40, y: 2 }],
    undefined,
    'points',
    'the point 40,2 lies outside of a.jpg, which has 40 x 30 pixels, counted from 0',
  ],
  [[{ x: 3, y: 30 }], '--at', '--at', '--at 3,30 lies outside of a.jpg, which has 40 x 30 pixels, counted from 0'],
  [[{ x: -1, y: 2 }], undefined, 'points', expect.stringContaining('the point -1,2 lies outside of a.jpg')],
  [[{ x: NaN, y: 2 }], undefined, 'points', expect.stringContaining('the point NaN,2 lies outside of a.jpg')],
])('others are refused in the words of who gave them, case %#', (points, flag, where, message) => {
  let error: unknown;
  try {
    checkPoints(points, 'a.jpg', SIZE, flag);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(RequestError);
  expect(error).toMatchObject({ where, message });
});
