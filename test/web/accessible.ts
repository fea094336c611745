import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Playground } from './playground.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** axe finds nothing, in light and dark, on a narrow and on a wide screen. */
export async function expectAccessible(opened: Playground, page: Page = opened.page): Promise<void> {
  const before = opened.complaints.length;
  await page.evaluate(AXE);
  for (const width of [360, 1400]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const violations = await page.evaluate(async () => {
        const found = await (globalThis as any).axe.run(document, { resultTypes: ['violations'] });
        return found.violations.map(({ id, nodes }: any) => `${id}: ${nodes.map((node: any) => node.html).join(' ')}`);
      });
      expect(violations, `${width} px, ${colorScheme}`).toEqual([]);
    }
  }
  // axe itself breaks the content security policy.
  opened.complaints.splice(before);
}
