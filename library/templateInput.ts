import { makeTemplateSet, type TemplateSet } from '../clip/promptTemplates.ts';
import { RfclipError } from '../engine/errors.ts';
import { describe } from './describe.ts';

/** Prompts in which class words are put: sentences with `{}` where the word goes, or a named set of them. */
export type TemplateInput = TemplateSet | readonly string[];

/**
 * The named set.
 * @throws RfclipError (`RFCLIP-TEMPLATE`) for what is no list of texts, an empty list, or a sentence without `{}`
 */
export function templateSetOf(templates: TemplateInput | undefined): TemplateSet | undefined {
  if (templates === undefined) return undefined;
  if (typeof templates === 'object' && templates !== null && 'id' in templates) return templates;
  const wrong = Array.isArray(templates) ? templates.find((template) => typeof template !== 'string') : undefined;
  if (Array.isArray(templates) && wrong === undefined) return makeTemplateSet('own', templates as readonly string[]);
  throw new RfclipError(
    Array.isArray(templates)
      ? `the option templates has ${describe(wrong)} in its list, expected sentences such as "a photo of a {}."`
      : `the option templates is ${describe(templates)}, expected a list of sentences such as ["a photo of a {}."]`,
    { code: 'RFCLIP-TEMPLATE', where: 'templates' },
  );
}
