import { describe, expect, it } from 'vitest';
import { pipelineKey, pipelineLabel, specialize } from '../../engine/pipeline.ts';
import { sharedConstants } from '../../engine/sharedConstants.ts';
import { kernelSource } from '../../kernels/source.ts';
import { useDevice } from '../support/device.ts';

const SOURCE = `const SIZE: u32 = 4u;
const SHIFT: i32 = -1;  // a remark stays
const FACTOR: f32 = 0.5;
const FLAG: bool = false;
const FIXED = 64u;
alias ELEMENT = f32;
fn f() { const SIZE: u32 = 9u; }
`;

/** The lines before the first struct that specialising may change. */
function constantsOf(wgsl: string): string {
  return wgsl
    .split('\n')
    .filter((line) => /^(const|alias|enable) /.test(line))
    .join('\n');
}

describe('specialize', () => {
  it('writes every type as WGSL spells it, only where a line begins with the constant', () => {
    expect(specialize('test', SOURCE, { SIZE: 8, SHIFT: -3, FACTOR: 2, FLAG: true, ELEMENT: 'vec4f' }))
      .toMatchInlineSnapshot(`
      "const SIZE: u32 = 8u;
      const SHIFT: i32 = -3;  // a remark stays
      const FACTOR: f32 = 2.0;
      const FLAG: bool = true;
      const FIXED = 64u;
      alias ELEMENT = vec4f;
      fn f() { const SIZE: u32 = 9u; }
      "
    `);
  });

  it.each([
    [0.1, '0.1'],
    [-3, '-3.0'],
    [0, '0.0'],
    [1e-7, '1e-7'],
    [1e21, '1e+21'],
    [2.5e-10, '2.5e-10'],
  ])('writes the f32 %d as %s', (value, text) => {
    expect(specialize('test', SOURCE, { FACTOR: value })).toContain(`const FACTOR: f32 = ${text};`);
  });

  it('is pure: no constants change nothing, and the same constants give the same text', () => {
    expect(specialize('test', SOURCE, {})).toBe(SOURCE);
    expect(specialize('test', SOURCE, { SIZE: 8 })).toBe(specialize('test', SOURCE, { SIZE: 8 }));
  });

  it('puts extensions before everything else', () => {
    expect(specialize('test', SOURCE, {}, ['f16', 'subgroups'])).toBe(`enable f16;\nenable subgroups;\n${SOURCE}`);
  });

  it('refuses names that no line defines, or that have no type', () => {
    for (const name of ['TILE', 'FIXED', 'size']) {
      expect(() => specialize('test', SOURCE, { [name]: 1 })).toThrow(
        expect.objectContaining({
          message: `kernel test.wgsl has no constant or alias named ${name}`,
          code: 'RFCLIP-KERNEL-CONSTANT',
          where: 'test',
        }),
      );
    }
  });

  it('sets the constants of softmax as its op asks for', () => {
    expect(constantsOf(specialize('softmax', kernelSource('softmax'), { LANES: 1, HAS_ADDEND: true })))
      .toMatchInlineSnapshot(`
      "const LANES: u32 = 1u;
      const HAS_ADDEND: bool = true;
      const THREADS = 64u;"
    `);
  });

  it('sets the constants of the textbook matmul as its op asks for', () => {
    const constants = { TRANSPOSE_B: true, HAS_BIAS: true, HAS_RESIDUAL: false, ACTIVATION: 1 };
    expect(constantsOf(specialize('matmul_naive', kernelSource('matmul_naive'), constants))).toMatchInlineSnapshot(`
      "const TRANSPOSE_B: bool = true;
      const HAS_BIAS: bool = true;
      const HAS_RESIDUAL: bool = false;
      const ACTIVATION: u32 = 1u;  // 0 none, 1 QuickGELU x sigmoid(1.702 x), 2 GELU (erf)
      alias B_ELEMENT = f32;  // or f16, as weights are stored where products are computed in it"
    `);
  });
});

describe('pipelineKey', () => {
  it('names the kernel and its constants in the order given', () => {
    expect(pipelineKey('blend', {})).toBe('blend');
    expect(pipelineKey('softmax', { LANES: 64, HAS_ADDEND: false })).toBe('softmax(LANES=64,HAS_ADDEND=false)');
    expect(pipelineKey('m', { ELEMENT: 'f16' })).toBe('m(ELEMENT=f16)');
  });
});

describe('PipelineCache', () => {
  const opened = useDevice();

  it('finds a pipeline by the text of its constants, and by their object where an op froze it', async () => {
    const { pipelines } = opened.device;
    const constants = sharedConstants('a test', () => ({ REPEAT: true }));
    expect(sharedConstants('a test', () => ({ REPEAT: false }))).toBe(constants);
    expect(() => Object.assign(constants, { REPEAT: false })).toThrow();
    const pipeline = pipelines.find('blend', constants);
    expect(pipelines.find('blend', constants)).toBe(pipeline);
    expect(pipelines.find('blend', { REPEAT: true })).toBe(pipeline);
    expect(pipelines.find('blend', { REPEAT: false })).not.toBe(pipeline);
    const compiled = await pipelines.get('blend', constants);
    expect(pipeline.ready).toBe(compiled);
  });

  it('asks for the kernel, too, where two of them take the same object', async () => {
    const { pipelines } = opened.device;
    const none = Object.freeze({});
    const [blend, softmax] = [pipelines.find('blend', none), pipelines.find('softmax', none)];
    expect(softmax).not.toBe(blend);
    expect(pipelines.find('blend', none)).toBe(blend);
    expect(pipelines.find('softmax', none)).toBe(softmax);
    await Promise.all([blend.compiled, softmax.compiled]);
  });
});

describe('pipelineLabel', () => {
  it('is the key for people: flags by name, those that are off left out', () => {
    expect(pipelineLabel('blend', { REPEAT: false })).toBe('blend');
    expect(pipelineLabel('softmax', { LANES: 64, HAS_ADDEND: true })).toBe('softmax(LANES=64, HAS_ADDEND)');
  });
});
