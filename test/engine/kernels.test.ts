import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type KernelConstants, specialize } from '../../engine/pipeline.ts';
import { THREADS_PER_WORKGROUP } from '../../engine/dispatch.ts';
import { kernelSource } from '../../kernels/source.ts';
import { useDevice } from '../support/device.ts';

const opened = useDevice();

const folder = new URL('../../kernels/', import.meta.url);
const kernels = readdirSync(folder)
  .filter((file) => file.endsWith('.wgsl'))
  .map((file) => file.slice(0, -'.wgsl'.length));
/** The fast matrix products have rules of their own, which their own tests check. */
const PRODUCTS = ['flash_attention', 'softmax_scores'];
const others = kernels.filter((kernel) => !kernel.startsWith('matmul_') && !PRODUCTS.includes(kernel));

/** Kernels with a bounded number of workgroups: a grid-stride loop, and one thread per image. */
const ONE_AXIS = ['find_nonfinite', 'fiedler_vector'];

interface KernelConstant {
  name: string;
  type: string;
  value: string;
}

/** The lines that `specialize` can change. */
function constantsOf(kernel: string): KernelConstant[] {
  const source = kernelSource(kernel);
  return [
    ...[...source.matchAll(/^const (\w+): (\w+) = ([^;]+);/gm)].map(([, name, type, value]) => ({ name, type, value })),
    ...[...source.matchAll(/^alias (\w+) = ([^;]+);/gm)].map(([, name, value]) => ({ name, type: 'alias', value })),
  ];
}

/** The extensions that a kernel needs and the device lacks. */
function missingFeatures(kernel: string): string[] {
  const features = { f16: 'shader-f16', subgroups: 'subgroups' } as const;
  return [...kernelSource(kernel).matchAll(/^enable (\w+);/gm)]
    .map((match) => match[1])
    .filter((name) => !opened.device.has(features[name as keyof typeof features]));
}

describe('every kernel', () => {
  it.for(kernels)('%s compiles with its default constants', async (kernel, { skip }) => {
    const missing = missingFeatures(kernel);
    skip(missing.length > 0, `the adapter lacks ${missing.join(', ')}`);
    await opened.device.pipelines.get(kernel, {});
  });

  it.each(others.filter((kernel) => constantsOf(kernel).length > 0))(
    '%s compiles with each of its constants changed',
    async (kernel) => {
      const variants = constantsOf(kernel).flatMap(({ name, type, value }): KernelConstants[] => {
        if (type === 'bool') return [{ [name]: value !== 'true' }];
        if (name === 'LANES') return [1, 2, 64].map((lanes) => ({ LANES: lanes }));
        if (name === 'RUN') return [{ RUN: 16 }];
        if (name === 'OPERATION') return [0, 1, 2, 3].map((operation) => ({ OPERATION: operation }));
        return [];
      });
      await Promise.all(variants.map((constants) => opened.device.pipelines.get(kernel, constants)));
    },
  );

  it.each(kernels)('%s can be specialised by each of its constants, one line at a time', (kernel) => {
    const source = kernelSource(kernel);
    for (const { name, type, value } of constantsOf(kernel)) {
      const replacement = type === 'alias' ? 'vec2<u32>' : type === 'bool' ? value !== 'true' : 7;
      const lines = specialize(kernel, source, { [name]: replacement }).split('\n');
      const changed = source.split('\n').flatMap((line, i) => (line === lines[i] ? [] : [lines[i]]));
      expect(changed, `${kernel} ${name}`).toHaveLength(1);
      expect(changed[0]).toContain(name);
    }
  });

  it.each(kernels)('%s begins with its name and formula, then shapes, threads and cost', (kernel) => {
    const header = kernelSource(kernel).split('\n\n')[0];
    const whole = kernelSource(kernel).slice(0, kernelSource(kernel).search(/^(?!\/\/|$)/m));
    expect(header).toMatch(new RegExp(`^// ${kernel}: `));
    const sections = ['shapes', 'thread', 'cost'].map((section) =>
      whole.search(new RegExp(`^// ${section} +\\S`, 'm')),
    );
    expect(sections.every((at) => at > 0)).toBe(true);
    expect(sections).toEqual([...sections].sort((a, b) => a - b));
  });

  it.each(others.filter((kernel) => !ONE_AXIS.includes(kernel)))(
    '%s recovers its number from a folded dispatch',
    (kernel) => {
      expect(kernelSource(kernel)).toContain('group.y * groups.x + group.x');
    },
  );

  it.each(others)('%s has workgroups of 64 threads', (kernel) => {
    const size = /@workgroup_size\((\w+)\)/.exec(kernelSource(kernel))?.[1];
    const threads = size === 'THREADS' ? /^const THREADS = (\d+)u;/m.exec(kernelSource(kernel))?.[1] : size;
    expect(Number(threads)).toBe(THREADS_PER_WORKGROUP);
  });

  it.each(kernels)(
    '%s has its parameters at binding 0, u32 first and f32 last, and its tensors from 1 on',
    (kernel) => {
      const source = kernelSource(kernel);
      const params = /struct Params \{([^}]*)\}/.exec(source)?.[1] ?? '';
      const types = [...params.matchAll(/: (\w+)/g)].map((match) => match[1]);
      expect(types.length).toBeGreaterThan(0);
      expect(types).toEqual([...types].sort().reverse());
      expect(new Set([...types, 'u32', 'f32'])).toEqual(new Set(['u32', 'f32']));
      const bindings = [...source.matchAll(/@group\(0\) @binding\((\d+)\) var<(\w+)/g)];
      expect(bindings.map((match) => Number(match[1]))).toEqual(bindings.map((_, i) => i));
      expect(bindings.map((match) => match[2])).toEqual(bindings.map((_, i) => (i === 0 ? 'uniform' : 'storage')));
    },
  );

  it.each(kernels)('%s lets no exponential of QuickGELU overflow', (kernel) => {
    const lines = kernelSource(kernel).match(/exp\(.*1\.702.*/g) ?? [];
    for (const line of lines) expect(line).toMatch(/^exp\(min\(-1\.702 \* \w+, (f32|vec4f)\(88\.0\)\)\)/);
  });

  it.each(kernels)('%s is in the reading order of kernels/README.md', (kernel) => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    const family = kernel.startsWith('matmul_') ? 'matmul_' : `\`${kernel}\``;
    expect(readme).toContain(family);
  });
});

describe('kernelSource', () => {
  it('reads a kernel once and refuses other names', () => {
    expect(kernelSource('blend')).toBe(kernelSource('blend'));
    expect(() => kernelSource('no_such_kernel')).toThrow(/no_such_kernel\.wgsl/);
  });
});
