import type { AdapterOptions } from './adapter.ts';
import { DeviceError } from './errors.ts';
import type { GpuAdapter } from './gpuTypes.ts';

type OlderAdapter = { info?: GPUAdapterInfo; requestAdapterInfo?: () => Promise<GPUAdapterInfo> };

/**
 * The adapter that the browser offers. Pages cannot name one.
 * @throws DeviceError where there is none, or one was named
 */
export async function requestAdapter(options: AdapterOptions = {}): Promise<GpuAdapter> {
  const named = (['adapter', 'profile', 'backend'] as const).find((option) => options[option] !== undefined);
  if (named !== undefined) throw noAdapter(`a page cannot choose its GPU with the option ${named}`);
  const { gpu } = navigator as { gpu?: GPU };
  if (gpu === undefined) {
    throw noAdapter(
      isSecureContext ? 'this browser has no WebGPU' : 'WebGPU needs a page that came by https or from localhost',
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch((cause: unknown) => {
    throw noAdapter(`this browser failed to open a GPU adapter for WebGPU: ${String(cause)}`);
  });
  if (adapter === null) throw noAdapter('this browser found no GPU adapter for WebGPU');
  // Chrome before 127 has a method in its place.
  const { info, requestAdapterInfo } = adapter as OlderAdapter;
  if (info === undefined) Object.defineProperty(adapter, 'info', { value: await requestAdapterInfo?.call(adapter) });
  return adapter;
}

function noAdapter(problem: string): DeviceError {
  return new DeviceError(problem, {
    code: 'RFCLIP-NO-ADAPTER',
    fix: 'take a new Chrome, Edge, Firefox or Safari, with hardware acceleration turned on in its settings',
  });
}
