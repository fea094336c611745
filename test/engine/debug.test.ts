import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseDebugOptions } from '../../engine/debug.ts';
import { blend, Device, inPart, inScopedPart, RfclipError, scale, ShapeError, softmax } from '../../engine/index.ts';
import { evaluate } from '../support/device.ts';

describe('RFCLIP_DEBUG', () => {
  it('is a list of words, in any order and with spaces', () => {
    const nothing = { timing: false, dispatches: false, nonFinite: false };
    expect(parseDebugOptions(undefined)).toEqual(nothing);
    expect(parseDebugOptions('')).toEqual(nothing);
    expect(parseDebugOptions(' ,, ')).toEqual(nothing);
    expect(parseDebugOptions('timing')).toEqual({ ...nothing, timing: true });
    expect(parseDebugOptions('nan, dispatch,timing')).toEqual({ timing: true, dispatches: true, nonFinite: true });
    expect(parseDebugOptions('wgsl=/some/folder')).toEqual({ ...nothing, wgslFolder: '/some/folder' });
  });

  it.each(['time', 'TIMING', 'wgsl', 'wgsl=', 'nan=1', 'timing;nan'])('refuses "%s"', (word) => {
    expect(() => parseDebugOptions(word)).toThrow(
      expect.objectContaining({
        code: 'RFCLIP-DEBUG',
        where: 'RFCLIP_DEBUG',
        message: `RFCLIP_DEBUG: "${word}" is unknown; expected a list of timing, dispatch, wgsl=FOLDER, nan`,
      }),
    );
  });

  it('is refused by Device.create as it is', async () => {
    await expect(Device.create({ debug: 'everything' })).rejects.toBeInstanceOf(RfclipError);
  });

  it('dispatch prints a line per dispatch, with workgroups and shapes', async () => {
    const lines: string[] = [];
    const device = await Device.create({ debug: 'dispatch', log: (line) => lines.push(line) });
    await evaluate(device, () => blend(device.zeros([3, 70]), 1, device.zeros([70]), 2));
    expect(lines).toEqual(['blend(REPEAT)  groups 4x1x1  [3, 70] [70] -> [3, 70]']);
    device.destroy();
  });

  it('dispatch names the parts of the network that a launch serves', async () => {
    const lines: string[] = [];
    const device = await Device.create({ debug: 'dispatch,nan', log: (line) => lines.push(line) });
    const result = device.scope(() =>
      inPart(device, 'layer3', () => {
        const x = inScopedPart(device, 'addMlp', () => scale(device.tensor([1e30], [1]), 1e9));
        expect(() => inPart(device, 'broken', () => device.tensor([], [2]))).toThrow(ShapeError);
        return scale(x, 2);
      }),
    );
    const last = scale(result, 1e30);
    await expect(last.read()).rejects.toMatchObject({
      message: 'the first NaN or infinity was produced by op 1: layer3/addMlp blend -> [1]',
    });
    device.destroy();
    expect(lines.map((line) => line.split('  ')[0])).toEqual([
      'layer3/addMlp blend',
      'layer3 blend',
      'blend',
      'nan: ops checked: 3, a NaN or an infinity was found',
    ]);
  });

  it('wgsl writes the text that every pipeline was compiled from', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rfclip-wgsl-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const device = await Device.create({ debug: `wgsl=${join(folder, 'new')}` });
    await evaluate(device, () => scale(softmax(device.zeros([2, 2]), { addend: device.zeros([2, 2]) }), 2));
    device.destroy();
    const files = readdirSync(join(folder, 'new')).sort();
    expect(files).toEqual([
      'blend_REPEAT=false_.wgsl',
      expect.stringMatching(/^softmax_LANES=\d+_HAS_ADDEND=true_\.wgsl$/),
    ]);
    expect(readFileSync(join(folder, 'new', files[1]), 'utf8')).toContain('const HAS_ADDEND: bool = true;');
  });

  it('timing prints the table when the device is destroyed, or says why it cannot', async () => {
    const lines: string[] = [];
    const device = await Device.create({ debug: 'timing', log: (line) => lines.push(line) });
    await evaluate(device, () => scale(device.zeros([4]), 2));
    device.destroy();
    expect(lines).toHaveLength(1);
    if (device.profiler === undefined) expect(lines[0]).toMatch(/: no timestamp queries, so kernels are not timed$/);
    else expect(lines[0]).toMatch(/^kernel +calls +ms .*\nblend +1 .*\nall +1 /);
  });
});

describe('RFCLIP_DEBUG=nan', () => {
  it('names the first op that made a NaN or an infinity', async () => {
    const device = await Device.create({ debug: 'nan' });
    const result = device.scope(() => {
      const x = device.tensor([1e30, 2], [2]);
      const fine = scale(x, 1e8);
      const infinite = blend(fine, 1e8, fine, 1);
      return softmax(infinite.reshape([1, 2]));
    });
    await expect(result.read()).rejects.toMatchObject({
      code: 'RFCLIP-NAN',
      message: 'the first NaN or infinity was produced by op 2: blend -> [2]',
    });
    device.destroy();
  });

  it(
    'lets finite values through, large and subnormal ones too, and does not count as a dispatch in the ' + 'log',
    async () => {
      const lines: string[] = [];
      const device = await Device.create({ debug: 'nan,dispatch', log: (line) => lines.push(line) });
      const values = [3.4e38, -3.4e38, 1e-45, 0, -0];
      expect(Array.from(await evaluate(device, () => scale(device.tensor(values, [5]), 1))).slice(0, 2)).toEqual([
        Math.fround(3.4e38),
        Math.fround(-3.4e38),
      ]);
      expect(lines).toHaveLength(1);
      device.destroy();
      expect(lines[1]).toBe('nan: ops checked: 1, no NaN and no infinity');
    },
  );

  // 256 workgroups of 64 threads look at it: at the ends, in the second stride, and in a later one.
  it.each([0, 20_000, 50_000, 100_002])('finds a single bad element of a large tensor: %d', async (place) => {
    const values = new Float32Array(100_003);
    values[place] = 3e38;
    const device = await Device.create({ debug: 'nan' });
    const result = scale(device.tensor(values, [values.length]), 10);
    await expect(result.read()).rejects.toMatchObject({ code: 'RFCLIP-NAN' });
    device.destroy();
  });
});
