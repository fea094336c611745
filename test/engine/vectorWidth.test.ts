import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { prefersWideVectors, prepareVectorWidth } from '../../engine/vectorWidth.ts';

const WIDE = () => 'flags\t\t: fpu sse2 avx2 avx512f avx512dq\n';
const NARROW = () => 'flags\t\t: fpu sse2 avx2\n';
const NEW_DRIVER = 'llvmpipe: Mesa 26.1.6-1 (LLVM 19.1.7)';

describe('16 lanes are preferred', () => {
  it.each([
    [NEW_DRIVER, WIDE, true],
    ['llvmpipe: Mesa 25.0.7 (LLVM 20.1.2)', WIDE, true],
    [NEW_DRIVER, NARROW, false],
    ['llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1', WIDE, false],
    ['SwiftShader Device (LLVM 16.0.0)', WIDE, false],
    ['NVIDIA H200', WIDE, false],
    ['undefined', WIDE, false],
  ])('for %s: %#', (adapter, cpuinfo, expected) => {
    expect(prefersWideVectors(adapter, cpuinfo)).toBe(expected);
  });

  it('and the processor is not looked at where the driver decides', () => {
    const cpuinfo = vi.fn(WIDE);
    prefersWideVectors('NVIDIA H200', cpuinfo);
    expect(cpuinfo).not.toHaveBeenCalled();
  });
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the variable', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rfclip-width-'));
    vi.stubEnv('RFCLIP_CACHE_DIR', folder);
    vi.stubEnv('LP_NATIVE_VECTOR_WIDTH', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('is not set where nothing, or nonsense, was written down', () => {
    prepareVectorWidth();
    for (const text of ['', 'null', '{}', '{"adapter":7}']) {
      writeFileSync(join(folder, 'probe.json'), text);
      prepareVectorWidth();
    }
    expect(process.env.LP_NATIVE_VECTOR_WIDTH).toBeUndefined();
  });

  it.each(['128', '256', ''])('keeps what the user set: "%s"', (width) => {
    vi.stubEnv('LP_NATIVE_VECTOR_WIDTH', width);
    writeFileSync(join(folder, 'probe.json'), JSON.stringify({ adapter: NEW_DRIVER }));
    prepareVectorWidth();
    expect(process.env.LP_NATIVE_VECTOR_WIDTH).toBe(width);
  });
});
