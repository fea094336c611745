import { expect, it } from 'vitest';
import type { AdapterClass } from '../../engine/adapter.ts';
import { checkKernels } from '../../engine/kernelChecks.ts';
import type { Dispatch } from '../../engine/dispatch.ts';
import { useMatmulKernel } from '../../engine/ops/matmulKernels.ts';
import { KERNEL_CLASSES, useDevice } from '../support/device.ts';

const opened = useDevice();

/** The families that are found right, by the kernels of a class of adapter, and without some launches. */
async function rightFamilies(adapterClass: AdapterClass, isLost: (launch: Dispatch) => boolean): Promise<string[]> {
  const { device } = opened;
  const { adapterClass: actual, recorder } = device;
  const { dispatch } = recorder;
  Object.assign(device, { adapterClass });
  // Those of GPUs have tests of their own, and a CPU driver compiles them for long.
  useMatmulKernel(device, 'register_tile');
  // A buffer of an earlier check may hold what a lost launch would have written.
  device.pool.trim(0);
  recorder.dispatch = (launch) => {
    if (!isLost(launch)) dispatch.call(recorder, launch);
  };
  try {
    return (await checkKernels(device)).filter(({ ok }) => ok).map(({ family }) => family);
  } finally {
    Object.assign(device, { adapterClass: actual });
    useMatmulKernel(device, undefined);
    recorder.dispatch = dispatch;
  }
}

const FAMILIES = ['attention', 'softmax', 'tokens', 'labels', 'together'];

it.each(KERNEL_CLASSES)('finds every family right, by the kernels of a %s adapter', async (adapterClass) => {
  expect(await rightFamilies(adapterClass, () => false)).toEqual(FAMILIES);
});

it.each([
  ['flash_attention', 'attention'],
  ['softmax_scores', 'softmax'],
  ['denoise_tokens', 'tokens'],
  ['label_resized', 'labels'],
  ['compare_labels', 'labels'],
])('finds that a GPU does nothing for %s', async (kernel, family) => {
  const right = await rightFamilies('discrete', (launch) => launch.kernel === kernel);
  expect(right).toEqual(FAMILIES.filter((name) => name !== family));
});

it('finds that images which go together do not get what each gets alone', async () => {
  const right = await rightFamilies('discrete', ({ params = {} }) => params.m === 520);
  expect(right).toEqual(FAMILIES.filter((name) => name !== 'together'));
});

it('checks products in f16 where the device computes in it', async ({ skip }) => {
  const { device } = opened;
  if (!device.has('shader-f16')) skip('the adapter has no f16');
  device.products = { precision: 'f16' };
  try {
    expect(await rightFamilies('software', () => false)).toEqual([...FAMILIES, 'f16']);
    const right = await rightFamilies('software', ({ params = {} }) => params.n === 3072);
    expect(right).toEqual(FAMILIES);
  } finally {
    device.products = { precision: 'f32' };
  }
});
