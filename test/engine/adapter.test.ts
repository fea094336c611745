import { describe, expect, it } from 'vitest';
import { adapterClassOf } from '../../engine/adapter.ts';
import { classifyAdapter, Device } from '../../engine/index.ts';

function adapterInfo(description: string, vendor = '', architecture = ''): GPUAdapterInfo {
  return { vendor, architecture, device: '', description } as GPUAdapterInfo;
}

describe('classifyAdapter', () => {
  it.each([
    ['llvmpipe: Mesa 25.0.7 (LLVM 15.0.6)', 'mesa', 'software'],
    ['SwiftShader driver-5.0.0', 'google', 'software'],
    ['Microsoft Basic Render Driver', 'microsoft', 'software'],
    ['llvmpipe (LLVM 19.1.7, 256 bits)', 'mesa', 'software'],
    ['Intel(R) UHD Graphics 620', 'intel', 'integrated'],
    ['Intel(R) Iris(R) Xe Graphics (TGL GT2)', 'intel', 'integrated'],
    ['Intel(R) Arc(TM) Graphics (MTL)', 'intel', 'integrated'],
    ['Intel(R) Arc(TM) 140V GPU (16GB)', 'intel', 'integrated'],
    ['Intel(R) Arc(TM) 130T GPU', 'intel', 'integrated'],
    ['Intel(R) Arc(TM) B390 GPU', 'intel', 'integrated'],
    ['Intel(R) Graphics (LNL)', 'intel', 'integrated'],
    ['Intel(R) Arc(TM) A770 Graphics', 'intel', 'discrete'],
    ['Intel(R) Arc(TM) B580 Graphics', 'intel', 'discrete'],
    ['Intel(R) Arc(TM) Pro B60 Graphics', 'intel', 'discrete'],
    ['Intel(R) Graphics (BMG G21)', 'intel', 'discrete'],
    ['Intel(R) Graphics (DG2)', 'intel', 'discrete'],
    ['Intel(R) Arc(TM) A370M Graphics (DG2)', 'intel', 'discrete'],
    ['Intel(R) Arc(tm) B580 Graphics (BMG G21)', 'intel', 'discrete'],
    ['Intel(R) Arc(TM) Pro A60 Graphics', 'intel', 'discrete'],
    ['Intel(R) Data Center GPU Flex 170', 'intel', 'discrete'],
    ['AMD Radeon Graphics (RADV RENOIR)', 'amd', 'integrated'],
    ['AMD Radeon(TM) Graphics', 'amd', 'integrated'],
    ['AMD Radeon 780M (RADV PHOENIX)', 'amd', 'integrated'],
    ['AMD Radeon 780M Graphics (RADV PHOENIX)', 'amd', 'integrated'],
    ['AMD Radeon(TM) 890M Graphics', 'amd', 'integrated'],
    ['AMD Radeon 8060S Graphics', 'amd', 'integrated'],
    ['AMD Radeon(TM) Vega 8 Graphics', 'amd', 'integrated'],
    ['AMD Custom GPU 0405 (RADV VANGOGH)', 'amd', 'integrated'],
    ['AMD Custom GPU 0932', 'amd', 'integrated'],
    ['AMD Ryzen Z1 Extreme (RADV PHOENIX)', 'amd', 'integrated'],
    ['Radeon 8060S Graphics (RADV GFX1151)', 'amd', 'integrated'],
    ['AMD Radeon RX 6800 XT', 'amd', 'discrete'],
    ['AMD Radeon RX 9070 XT (RADV GFX1201)', 'amd', 'discrete'],
    ['AMD Radeon RX 6800M', 'amd', 'discrete'],
    ['AMD Radeon RX 7900 XTX (RADV NAVI31)', 'amd', 'discrete'],
    ['AMD Radeon RX Vega 64', 'amd', 'discrete'],
    ['AMD Instinct MI300X', 'amd', 'discrete'],
    ['Apple M2 Pro', 'apple', 'integrated'],
    ['Apple M4', 'apple', 'integrated'],
    ['Mali-G78', 'arm', 'integrated'],
    ['Immortalis-G715', 'arm', 'integrated'],
    ['Adreno (TM) 740', 'qualcomm', 'integrated'],
    ['Qualcomm(R) Adreno(TM) X1-85 GPU', 'qualcomm', 'integrated'],
    ['Turnip Adreno (TM) 740', 'qualcomm', 'integrated'],
    ['Samsung Xclipse 940', 'samsung', 'integrated'],
    ['PowerVR Rogue GE8320', 'img-tec', 'integrated'],
    ['V3D 7.1.7 VideoCore VII', 'broadcom', 'integrated'],
    ['NVIDIA Tegra Orin (nvgpu)', 'nvidia', 'integrated'],
    ['NVIDIA Tegra X1', 'nvidia', 'integrated'],
    ['NVIDIA GB10', 'nvidia', 'integrated'],
    ['NVIDIA H100 80GB HBM3', 'nvidia', 'discrete'],
    ['NVIDIA H200', 'nvidia', 'discrete'],
    ['NVIDIA GeForce RTX 4090', 'nvidia', 'discrete'],
    ['Tesla M4', 'nvidia', 'discrete'],
    ['Microsoft Direct3D12 (NVIDIA GeForce RTX 3080)', 'microsoft', 'discrete'],
    ['NVIDIA GeForce RTX 4070 Laptop GPU', 'nvidia', 'discrete'],
    ['NVIDIA GeForce GTX 860M', 'nvidia', 'discrete'],
    ['NVIDIA: 580.159.04 580.159.4.0', 'nvidia', 'discrete'],
  ])('%s is %3$s', (description, vendor, expected) => {
    expect(classifyAdapter(adapterInfo(description, vendor))).toBe(expected);
  });

  it.each([
    ['apple', 'metal-3', 'integrated'],
    ['apple', '', 'integrated'],
    ['intel', 'gen-9', 'integrated'],
    ['intel', 'gen-12lp', 'integrated'],
    ['intel', 'gen-12hp', 'discrete'],
    ['intel', 'xe-lpg', 'integrated'],
    ['intel', 'xe-2lpg', 'integrated'],
    ['intel', 'xe-3lpg', 'integrated'],
    ['intel', 'xe-2hpg', 'discrete'],
    ['intel', 'xe-hpg', 'discrete'],
    ['intel', '', 'integrated'],
    ['amd', 'gcn-4', 'discrete'],
    ['amd', 'gcn-5', 'integrated'],
    ['amd', 'rdna-1', 'discrete'],
    ['amd', 'rdna-2', 'integrated'],
    ['amd', 'rdna-3', 'integrated'],
    ['amd', 'rdna-4', 'discrete'],
    ['amd', 'cdna-1', 'discrete'],
    ['nvidia', 'ampere', 'discrete'],
    ['nvidia', 'lovelace', 'discrete'],
    ['nvidia', 'ada-lovelace', 'discrete'],
    ['nvidia', 'blackwell', 'discrete'],
    ['nvidia', '', 'discrete'],
    ['qualcomm', 'adreno-7xx', 'integrated'],
    ['qualcomm', '', 'integrated'],
    ['arm', 'valhall', 'integrated'],
    ['arm', 'bifrost', 'integrated'],
    ['arm', 'gen-5', 'integrated'],
    ['img-tec', 'rogue', 'integrated'],
    ['samsung', 'rdna-2', 'integrated'],
    ['broadcom', 'videocore', 'integrated'],
    ['google', 'swiftshader', 'software'],
    ['microsoft', 'warp', 'software'],
    ['mesa', 'software', 'software'],
    ['', '', 'integrated'],
  ])('of what a browser tells, %s %s is %s', (vendor, architecture, expected) => {
    expect(classifyAdapter(adapterInfo('', vendor, architecture))).toBe(expected);
  });

  it.each([
    ['AMD Radeon RX 7900 XTX (RADV NAVI31)', 'amd', 'rdna-3', 'discrete'],
    ['AMD Radeon RX 6600', 'amd', 'rdna-2', 'discrete'],
    ['AMD Radeon(TM) Graphics', 'amd', 'rdna-3', 'integrated'],
    ['Intel(R) Arc(TM) 140V GPU (16GB)', 'intel', 'xe-2lpg', 'integrated'],
    ['Intel(R) Arc(TM) B580 Graphics', 'intel', 'xe-2hpg', 'discrete'],
    ['Intel(R) Iris(R) Xe MAX Graphics (DG1)', 'intel', 'gen-12lp', 'discrete'],
    ['NVIDIA Tegra Orin (nvgpu)', 'nvidia', 'ampere', 'integrated'],
  ])('where the model is told, too, it decides: %s', (description, vendor, architecture, expected) => {
    expect(classifyAdapter(adapterInfo(description, vendor, architecture))).toBe(expected);
  });

  it('takes care with what says nothing of itself, as in Firefox', () => {
    expect(classifyAdapter(adapterInfo(''))).toBe('integrated');
    expect(classifyAdapter({ ...adapterInfo(''), isFallbackAdapter: true })).toBe('software');
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

  it('takes the class that is asked for, by the options before the environment, and refuses others', async () => {
    const info = { vendor: 'amd', architecture: 'rdna-3', device: '', description: '' };
    const before = process.env.RFCLIP_ADAPTER_CLASS;
    try {
      delete process.env.RFCLIP_ADAPTER_CLASS;
      expect(adapterClassOf(info, {})).toBe('integrated');
      process.env.RFCLIP_ADAPTER_CLASS = '';
      expect(adapterClassOf(info, {})).toBe('integrated');
      process.env.RFCLIP_ADAPTER_CLASS = 'discrete';
      expect(adapterClassOf(info, {})).toBe('discrete');
      expect(adapterClassOf(info, { adapterClass: 'software' })).toBe('software');
      process.env.RFCLIP_ADAPTER_CLASS = 'gpu';
      await expect(Device.create({ debug: '' })).rejects.toMatchObject({
        code: 'RFCLIP-ADAPTER-CLASS',
        message: 'RFCLIP_ADAPTER_CLASS is "gpu", expected software, integrated or discrete',
      });
      await expect(Device.create({ debug: '', adapterClass: 'big' as 'discrete' })).rejects.toThrow(
        'adapterClass is "big", expected software, integrated or discrete',
      );
    } finally {
      if (before === undefined) delete process.env.RFCLIP_ADAPTER_CLASS;
      else process.env.RFCLIP_ADAPTER_CLASS = before;
    }
  });

  it('raises the limits that large tensors need, and names the adapter', async () => {
    const device = await Device.create({ debug: '' });
    expect(device.gpu.limits.maxBufferSize).toBeGreaterThanOrEqual(device.gpu.limits.maxStorageBufferBindingSize);
    expect(device.offsetAlignment % 4).toBe(0);
    expect(device.name).not.toBe('');
    expect(device.adapterClass).toBe(process.env.RFCLIP_ADAPTER_CLASS ?? classifyAdapter(device.info));
    device.destroy();
  });
});
