import { expect, it } from 'vitest';
import { uniqueStems } from '../../system/uniqueStems.ts';

it('gives every picture a name of its own, which is never empty or a folder', () => {
  expect(uniqueStems(['a/x.jpg', 'b/X.PNG', 'x.y.jpeg', 'bare'])).toEqual(['x', 'X-2', 'x.y', 'bare']);
  expect(uniqueStems(['.jpg', '..png', '...gif', '..', '/'])).toEqual([
    'picture',
    'picture-2',
    'picture-3',
    'picture-4',
    'picture-5',
  ]);
  expect(uniqueStems(['.hidden.jpg', '.hidden'])).toEqual(['.hidden', '.hidden-2']);
});
