import { expect, it } from 'vitest';
import type { Device } from '../../engine/device.ts';
import { kernelTimesOf } from '../../library/kernelTimes.ts';

const TIME = { kernel: 'blend', calls: 1, milliseconds: 2, flops: 3, bytes: 4 };
const device = (features: string[], profiler?: object) =>
  ({ name: 'a GPU', gpu: { features: new Set(features) }, profiler }) as unknown as Device;

it.each([
  ['of exact time stamps', { times: [TIME], untimed: 0 }, { kernels: [TIME], untimed: 0 }],
  [
    'of rounded ones',
    { times: [], untimed: 5, stepMilliseconds: 0.1 },
    { kernels: [], untimed: 5, stepMilliseconds: 0.1 },
  ],
])('kernel times %s are those of the profiler', (_, profiler, times) => {
  expect(kernelTimesOf(device(['timestamp-query'], profiler))).toEqual(times);
});

it.each([
  [['timestamp-query'], 'kernels are not timed, because the model was opened without the option profile'],
  [[], 'kernels cannot be timed: a GPU has no timestamp queries here'],
])('where the features are %j and nothing is timed, they say why', (features, problem) => {
  expect(kernelTimesOf(device(features))).toEqual({ kernels: [], untimed: 0, problem });
});
