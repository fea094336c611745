import { unescapeHtml } from './htmlUnescape.ts';
import { repairText } from './repairText.ts';

/**
 * What CLIP does to a text before it is split: text repair, HTML unescaped twice, outer white space removed, every run
 * of white space made one space, lower case (with the final form of a Greek sigma, and without regard to the locale).
 * Source: OpenAI CLIP `simple_tokenizer.py`: `basic_clean`, `whitespace_clean`, and the `lower()` in
 * `SimpleTokenizer.encode`.
 */
export function cleanText(text: string): string {
  const unescaped = unescapeHtml(unescapeHtml(repairText(text)));
  return unescaped
    .replace(/\p{White_Space}+/gu, ' ')
    .replace(/^ | $/g, '')
    .toLowerCase();
}
