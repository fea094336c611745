import { makeTemplateSet, type TemplateSet } from '../clip/promptTemplates.ts';

/** Prompts in which class words are put: sentences with `{}` where the word goes, or a named set of them. */
export type TemplateInput = TemplateSet | readonly string[];

/** The named set. @throws RfclipError (`RFCLIP-TEMPLATE`) for an empty list, or a sentence without `{}` */
export function templateSetOf(templates: TemplateInput | undefined): TemplateSet | undefined {
  return templates === undefined || 'id' in templates ? templates : makeTemplateSet('own', templates);
}
