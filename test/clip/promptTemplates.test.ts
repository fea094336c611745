import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { applyTemplates, imagenetTemplates, makeTemplateSet, templateSets } from '../../clip/promptTemplates.ts';

describe('template sets', () => {
  it('has the 80 published ImageNet templates, unchanged and in order', () => {
    expect(imagenetTemplates).toHaveLength(80);
    expect(createHash('sha256').update(imagenetTemplates.join('\n')).digest('hex')).toBe(
      '4f976686fb651bb5803d4689dcd849f75efe0ef19a3c801355bc9a6f03c8a5af',
    );
    expect(new Set(imagenetTemplates).size).toBe(80);
  });

  it('has ids that follow the sentences', () => {
    expect(templateSets.imagenet80.id).toBe('imagenet80-4f976686fb65');
    expect(makeTemplateSet('imagenet80', imagenetTemplates.toReversed()).id).not.toBe(templateSets.imagenet80.id);
    expect(templateSets.single.templates).toEqual(['a photo of a {}.']);
  });

  it('rejects sets without templates or placeholders', () => {
    expect(() => makeTemplateSet('mine', [])).toThrow(/"mine" is empty/);
    expect(() => makeTemplateSet('mine', ['a photo'])).toThrow(/"a photo" has no {}/);
  });
});

describe('applyTemplates', () => {
  it('puts the word into every template, in order', () => {
    expect(applyTemplates('tabby cat', imagenetTemplates).slice(0, 2)).toEqual([
      'a bad photo of a tabby cat.',
      'a photo of many tabby cat.',
    ]);
    expect(
      applyTemplates('cat', imagenetTemplates).every((prompt) => prompt.includes('cat') && !prompt.includes('{}')),
    ).toBe(true);
  });

  it('takes the word literally and fills every placeholder', () => {
    expect(applyTemplates('$& $1 {}', ['{} and {}'])).toEqual(['$& $1 {} and $& $1 {}']);
    expect(applyTemplates('wood ', ['a {}.'])).toEqual(['a wood .']);
    expect(() => applyTemplates('cat', ['a photo'])).toThrow(/has no {}/);
  });
});
