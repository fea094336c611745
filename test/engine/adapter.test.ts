import { describe, expect, it } from 'vitest';
import { classifyAdapter, Device } from '../../engine/index.ts';

function adapterInfo(description: string, vendor = ''): GPUAdapterInfo {
  return { vendor, architecture: '', device: '', description } as GPUAdapterInfo;
}

describe('classifyAdapter', () => {
  it.each([
    ['llvmpipe: Mesa 25.0.7 (LLVM 15.0.6)', 'mesa', 'software'],
    ['SwiftShader driver-5.0.0', 'google', 'software'],
    ['Microsoft Basic Render Driver', 'microsoft', 'software'],
    ['Intel(R) UHD Graphics 620', 'intel', 'integrated'],
    ['Intel(R) Arc(TM) A770 Graphics', 'intel', 'discrete'],
    ['AMD Radeon Graphics (RADV RENOIR)', 'amd', 'integrated'],
    ['AMD Radeon RX 6800 XT', 'amd', 'discrete'],
    ['Apple M2 Pro', 'apple', 'integrated'],
    ['Mali-G78', 'arm', 'integrated'],
    ['NVIDIA H100 80GB HBM3', 'nvidia', 'discrete'],
    ['NVIDIA GeForce RTX 4090', 'nvidia', 'discrete'],
  ])('%s is %3$s', (description, vendor, expected) => {
    expect(classifyAdapter(adapterInfo(description, vendor))).toBe(expected);
  });
});

describe('Device.create', () => {
  it(
    'opens several devices side by side, but not with another adapter or profile: Dawn is created once per ' +
      'process',
    async () => {
      const devices = await Promise.all([Device.create({ debug: '' }), Device.create({ debug: '' })]);
      expect(devices[0].gpu).not.toBe(devices[1].gpu);
      const twice = {
        code: 'RFCLIP-DAWN-TWICE',
        message:
          'this process already opened Dawn with another adapter or profile, and Dawn can be created only once per ' +
          'process',
      };
      await expect(Device.create({ debug: '', adapter: 'another' })).rejects.toMatchObject(twice);
      await expect(Device.create({ debug: '', profile: 'bench' })).rejects.toMatchObject(twice);
      for (const device of devices) device.destroy();
    },
  );

  it('raises the limits that large tensors need, and names the adapter', async () => {
    const device = await Device.create({ debug: '' });
    expect(device.gpu.limits.maxBufferSize).toBeGreaterThanOrEqual(device.gpu.limits.maxStorageBufferBindingSize);
    expect(device.offsetAlignment % 4).toBe(0);
    expect(device.name).not.toBe('');
    expect(device.adapterClass).toBe(classifyAdapter(device.info));
    device.destroy();
  });
});
