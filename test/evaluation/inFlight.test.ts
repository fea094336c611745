import { describe, expect, it } from 'vitest';
import { type EvaluationJob, evaluateImages } from '../../evaluation/run/evaluateImages.ts';
import { DeviceError } from '../../engine/errors.ts';
import type { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';

const pairs = Array.from({ length: 6 }, (_, i) => ({ id: `${i}`, image: `${i}.jpg`, label: `${i}.png` }));

/** A device that takes its time for every image; results say which image they are of. */
function slowDevice(options: { failAt?: number } = {}) {
  const state = { working: 0, most: 0, calls: 0 };
  const segment: SegmentationPipeline['segment'] = async (_image, height, width, outputs) => {
    const call = state.calls++;
    state.most = Math.max(state.most, ++state.working);
    await new Promise((resolve) => setTimeout(resolve, 12 - call));
    state.working--;
    if (call === options.failAt) throw new DeviceError('the device was lost', { code: 'RFCLIP-DEVICE-LOST' });
    const labels = new Uint32Array(height * width).fill(call % 3);
    outputs?.onBand?.({ firstRow: 0, labels, confidence: new Float32Array(labels.length) });
    return { height, width, labels: new Uint16Array(), confidence: new Float32Array() };
  };
  const segmenter = { classes: { classes: Array.from({ length: 300 }) }, segment } as unknown as SegmentationPipeline;
  return { state, segmenter };
}

async function run(segmenter: SegmentationPipeline, more: Partial<EvaluationJob>) {
  const done: string[] = [];
  const counted: number[] = [];
  const times = { network: 0, waited: 0 };
  const started = performance.now();
  const finished = await evaluateImages({
    segmenter,
    pairs,
    settings: { resize: [2048, 336], reduceZeroLabel: false },
    ahead: 2,
    load: async () => ({
      input: { width: 4, height: 2, data: new Uint8Array(24) },
      width: 4,
      height: 2,
      truth: { width: 4, height: 2, data: new Uint8Array(8).fill(1), notices: [] },
      notices: [],
    }),
    onCounted: async ({ prediction }) => void counted.push(prediction.labels[0]),
    onDone: ({ id, milliseconds, waited }) => {
      done.push(id);
      times.network += milliseconds;
      times.waited += waited;
    },
    onFailure: ({ id }) => void done.push(`${id} failed`),
    ...more,
  });
  return { finished, done, counted, times, wall: performance.now() - started };
}

describe('evaluateImages', () => {
  it.each([1, 2, 3])('has %d images on the device, reports them in order, and its times add up', async (inFlight) => {
    const { state, segmenter } = slowDevice();
    const { finished, done, counted, times, wall } = await run(segmenter, { inFlight });
    expect(finished).toBe(true);
    expect(done).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(counted).toEqual([0, 1, 2, 0, 1, 2]);
    expect(state.most).toBe(inFlight);
    expect(times.network + times.waited).toBeLessThanOrEqual(wall + 0.6);
  });

  it('has several times as many where several go together, whatever is wrong with one of them', async () => {
    const { state, segmenter } = slowDevice();
    let asked = 0;
    const together = () => {
      if (++asked === 2) throw new Error('an image or window is smaller than one patch');
      return 2;
    };
    const { finished, done, counted } = await run(segmenter, { inFlight: 2, together });
    expect(finished).toBe(true);
    expect(done).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(counted).toEqual([0, 1, 2, 0, 1, 2]);
    expect(state.most).toBe(4);
  });

  it('has one on the device where images are large', async () => {
    const { state, segmenter } = slowDevice();
    const load: EvaluationJob['load'] = async () => ({
      input: { width: 4, height: 2, data: new Uint8Array(24) },
      width: 4096,
      height: 2049,
      truth: { width: 4096, height: 2049, data: new Uint8Array(4096 * 2049), notices: [] },
      notices: [],
    });
    await run(segmenter, { inFlight: 3, together: () => 4, load, pairs: pairs.slice(0, 3) });
    expect(state.most).toBe(1);
  });

  it('reports what was done before the device failed, and leaves nothing running', async () => {
    const { state, segmenter } = slowDevice({ failAt: 3 });
    const done: string[] = [];
    const job = { inFlight: 3, onDone: ({ id }: { id: string }) => void done.push(id) };
    await expect(run(segmenter, job)).rejects.toThrow('the device was lost');
    expect(done).toEqual(['0', '1', '2']);
    expect(state.working).toBe(0);
  });

  it('finishes what is on the device after the signal', async () => {
    const { segmenter } = slowDevice();
    const stop = new AbortController();
    const { finished, done } = await run(segmenter, {
      inFlight: 3,
      signal: stop.signal,
      onCounted: async ({ pair }) => void (pair.id === '0' && stop.abort()),
    });
    expect(finished).toBe(false);
    expect(done.length).toBeGreaterThanOrEqual(3);
    expect(done).toEqual(pairs.slice(0, done.length).map(({ id }) => id));
  });
});
