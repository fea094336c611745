import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/**
 * Runs a script of `test/support` in a process of its own and parses the JSON it prints. A process that does not end by
 * itself is killed after 30 seconds, and the promise rejects.
 */
async function runScript(name: string, variables: Record<string, string> = {}): Promise<any> {
  const path = fileURLToPath(new URL(`../support/${name}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', path], {
    timeout: 30_000,
    env: { ...process.env, ...variables },
  });
  return JSON.parse(stdout);
}

describe('a process with a device', () => {
  it('uses no CPU while the device is idle, and ends by itself once it is destroyed', async () => {
    const { values, idleCores } = await runScript('idleDevice');
    expect(values).toEqual([2, 4]);
    expect(idleCores).toBeLessThan(0.2);
  });

  it('multiplies matrices with 16 lanes where the driver has them', async (context) => {
    const { lanes, wrong, elements } = await runScript('sixteenLanes', { LP_NATIVE_VECTOR_WIDTH: '512' });
    if (lanes !== 16) context.skip(`the driver has ${lanes} lanes`);
    expect({ wrong, elements }).toEqual({ wrong: 0, elements: 13_296 });
  });

  it('ends with code 1 and its devices destroyed by an error that nobody caught', async () => {
    const failure: unknown = await runScript('errorAtWork').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining('nobody catches this') });
    expect(JSON.parse((failure as { stdout: string }).stdout)).toEqual(['closed', 'open']);
  });

  it('is told which adapters there are when it asks for another', async () => {
    const error = await runScript('missingAdapter');
    expect(error).toMatchObject({ name: 'DeviceError', code: 'RFCLIP-NO-ADAPTER' });
    expect(error.message).toMatch(/^adapter "no such adapter" was not found/);
  });
});
