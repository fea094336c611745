import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../support/house.ts';

it('the style of the panels touches nothing outside of them', () => {
  const style = readFileSync(join(root, 'explain/panels/style.css'), 'utf8').replace(/\/\*[^]*?\*\//g, '');
  const selectors = [...style.matchAll(/([^{}]+)\{/g)]
    .map(([, before]) => before.trim())
    .filter((selector) => !selector.startsWith('@'))
    .flatMap((list) => list.split(',').map((selector) => selector.trim()));
  expect(selectors.length).toBeGreaterThan(100);
  expect(selectors.filter((selector) => !/^\.rfclip-panels(?![\w-])/.test(selector))).toEqual([]);
});
