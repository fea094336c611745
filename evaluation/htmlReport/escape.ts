/** Text that is HTML already; only `html` and `trusted` make it. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: markup as it is, everything else as text; null, undefined and false as nothing. */
export type Content = Markup | readonly Markup[] | string | number | null | undefined | false;

/**
 * A template whose values are escaped, so that a file's name or a class's cannot become markup. Values in attributes
 * need quotes around them.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { markup: strings.reduce((text, part, k) => text + render(values[k - 1]) + part) };
}

/** Markup of our own making that is no template. */
export function trusted(markup: string): Markup {
  return { markup };
}

/** A name from a file. Its direction is its own: a right-to-left name must not turn the numbers around it. */
export function name(text: string): Markup {
  return html`<bdi>${text}</bdi>`;
}

/**
 * Text for HTML content and quoted attributes; what HTML cannot hold (control characters, halves of surrogate pairs)
 * becomes U+FFFD.
 */
function escapeText(text: string): string {
  return text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\p{Surrogate}|\p{Noncharacter_Code_Point}/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON for a script element, in which only `<` could end the element or open a comment. */
export function escapeJson(value: unknown): Markup {
  return trusted(JSON.stringify(value).replaceAll('<', '\\u003c'));
}

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return '';
  if (typeof content === 'string' || typeof content === 'number') return escapeText(String(content));
  return 'markup' in content ? content.markup : content.map(({ markup }) => markup).join('');
}
