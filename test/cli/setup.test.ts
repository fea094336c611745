import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-setup-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rfclip = (args: readonly string[], more: Record<string, string> = {}) =>
  runCli(args, { environment: { RFCLIP_CACHE_DIR: join(folder, 'cache'), ...more } });
const withoutDriver = () => ({ VK_DRIVER_FILES: join(folder, 'no-driver.json') });

describe('rfclip setup', () => {
  test('says which adapter computes right, and remembers it for the set-up', async () => {
    const { code, stdout, stderr } = await rfclip(['setup', '--quiet']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ready \(.+\)\n$/);
    expect(existsSync(join(folder, 'cache', 'probe.json'))).toBe(true);
  });

  test.skipIf(process.platform !== 'linux')('says why there is none, and what helps', async () => {
    const { code, stdout, stderr } = await rfclip(['setup'], withoutDriver());
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('rfclip: no usable graphics adapter was found (Dawn offers none).\n');
    expect(stderr).toContain('so only the drivers it names were tried: correct or unset it.\n');
  });

  test.skipIf(process.platform !== 'linux')('is what the hints name as a script, in a checkout', async () => {
    const { code, stdout, stderr } = await rfclip(['doctor'], withoutDriver());
    expect(code).toBe(1);
    expect(stderr).toContain('run "npm run setup" to install a software one');
    expect(stdout).toContain('"npm run setup" installs a software Vulkan driver');
  });
});
