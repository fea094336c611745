import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/**
 * Runs a script of `test/support` in a process of its own and parses the JSON it prints. A process that does not end by
 * itself is killed after 30 seconds, and the promise rejects.
 */
async function runScript(name: string): Promise<any> {
  const path = fileURLToPath(new URL(`../support/${name}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', path], { timeout: 30_000 });
  return JSON.parse(stdout);
}

describe('a process with a device', () => {
  it('uses no CPU while the device is idle, and ends by itself once it is destroyed', async () => {
    const { values, idleCores } = await runScript('idleDevice');
    expect(values).toEqual([2, 4]);
    expect(idleCores).toBeLessThan(0.2);
  });

  it('is told which adapters there are when it asks for another', async () => {
    const error = await runScript('missingAdapter');
    expect(error).toMatchObject({ name: 'DeviceError', code: 'RFCLIP-NO-ADAPTER' });
    expect(error.message).toMatch(/^adapter "no such adapter" was not found/);
  });
});
