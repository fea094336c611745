import { RfclipError } from '../engine/errors.ts';
import { sha256 } from '../system/platform.ts';

/** A named list of prompt templates; `id` changes whenever a template does, so it can key a cache. */
export interface TemplateSet {
  name: string;
  /** `name-` and the first 12 hexadecimal digits of the SHA-256 of the templates joined by line breaks. */
  id: string;
  /** Sentences in which every `{}` stands for the class word. */
  templates: readonly string[];
}

/**
 * The 80 ImageNet templates, in the published order (the order decides the order of a float32 mean).
 * Source: OpenAI CLIP, `notebooks/Prompt_Engineering_for_ImageNet.ipynb`; the same list as
 * `prompts/imagenet_template.py`, `openai_imagenet_template`, of SCLIP, NACLIP and RF-CLIP.
 */
export const imagenetTemplates: readonly string[] = [
  'a bad photo of a {}.',
  'a photo of many {}.',
  'a sculpture of a {}.',
  'a photo of the hard to see {}.',
  'a low resolution photo of the {}.',
  'a rendering of a {}.',
  'graffiti of a {}.',
  'a bad photo of the {}.',
  'a cropped photo of the {}.',
  'a tattoo of a {}.',
  'the embroidered {}.',
  'a photo of a hard to see {}.',
  'a bright photo of a {}.',
  'a photo of a clean {}.',
  'a photo of a dirty {}.',
  'a dark photo of the {}.',
  'a drawing of a {}.',
  'a photo of my {}.',
  'the plastic {}.',
  'a photo of the cool {}.',
  'a close-up photo of a {}.',
  'a black and white photo of the {}.',
  'a painting of the {}.',
  'a painting of a {}.',
  'a pixelated photo of the {}.',
  'a sculpture of the {}.',
  'a bright photo of the {}.',
  'a cropped photo of a {}.',
  'a plastic {}.',
  'a photo of the dirty {}.',
  'a jpeg corrupted photo of a {}.',
  'a blurry photo of the {}.',
  'a photo of the {}.',
  'a good photo of the {}.',
  'a rendering of the {}.',
  'a {} in a video game.',
  'a photo of one {}.',
  'a doodle of a {}.',
  'a close-up photo of the {}.',
  'a photo of a {}.',
  'the origami {}.',
  'the {} in a video game.',
  'a sketch of a {}.',
  'a doodle of the {}.',
  'a origami {}.',
  'a low resolution photo of a {}.',
  'the toy {}.',
  'a rendition of the {}.',
  'a photo of the clean {}.',
  'a photo of a large {}.',
  'a rendition of a {}.',
  'a photo of a nice {}.',
  'a photo of a weird {}.',
  'a blurry photo of a {}.',
  'a cartoon {}.',
  'art of a {}.',
  'a sketch of the {}.',
  'a embroidered {}.',
  'a pixelated photo of a {}.',
  'itap of the {}.',
  'a jpeg corrupted photo of the {}.',
  'a good photo of a {}.',
  'a plushie {}.',
  'a photo of the nice {}.',
  'a photo of the small {}.',
  'a photo of the weird {}.',
  'the cartoon {}.',
  'art of the {}.',
  'a drawing of the {}.',
  'a photo of the large {}.',
  'a black and white photo of a {}.',
  'the plushie {}.',
  'a dark photo of a {}.',
  'itap of a {}.',
  'graffiti of the {}.',
  'a toy {}.',
  'itap of my {}.',
  'a photo of a cool {}.',
  'a photo of a small {}.',
  'a tattoo of the {}.',
];

/** The single template of the CLIP paper's zero-shot baseline. */
const singleTemplate: readonly string[] = ['a photo of a {}.'];

/**
 * Gives a list of templates its stable id.
 *
 * @param name what people call the list, for example `imagenet80`.
 * @param templates sentences with `{}` where the class word goes.
 * @returns the list with an id made of the name and a hash of the sentences.
 * @throws RfclipError (`RFCLIP-TEMPLATE`) if the list is empty or a template has no `{}`.
 */
export function makeTemplateSet(name: string, templates: readonly string[]): TemplateSet {
  if (templates.length === 0) {
    throw new RfclipError(`The template set "${name}" is empty, expected at least one template with {}.`, {
      code: 'RFCLIP-TEMPLATE',
      where: name,
    });
  }
  for (const template of templates) requirePlaceholder(template);
  const digest = sha256(templates.join('\n'));
  return { name, id: `${name}-${digest.slice(0, 12)}`, templates };
}

/** Every template set that can be asked for by name. */
export const templateSets: Readonly<Record<'imagenet80' | 'single', TemplateSet>> = {
  imagenet80: makeTemplateSet('imagenet80', imagenetTemplates),
  single: makeTemplateSet('single', singleTemplate),
};

/**
 * Puts a class word into every template.
 *
 * @param name the class word, used as it is (spaces at its ends included).
 * @param templates sentences with `{}`; every `{}` of a sentence is replaced.
 * @returns one prompt per template, in the same order.
 * @throws RfclipError (`RFCLIP-TEMPLATE`) if a template has no `{}`.
 */
export function applyTemplates(name: string, templates: readonly string[]): string[] {
  return templates.map((template) => {
    requirePlaceholder(template);
    // Not String.replace: there, "$&" and its like inside a class word would be expanded.
    return template.split('{}').join(name);
  });
}

function requirePlaceholder(template: string): void {
  if (template.includes('{}')) return;
  throw new RfclipError(`The prompt template "${template}" has no {}, expected one where the class word goes.`, {
    code: 'RFCLIP-TEMPLATE',
    where: template,
  });
}
