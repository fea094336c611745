import { createHash } from 'node:crypto';
import { html, type Markup, trusted } from './escape.ts';
import { STYLE } from './style.ts';

/** What differs between pages. */
export interface HtmlDocument {
  /** Of the window. */
  title: string;
  body: Markup;
  /** Runs at the page's end; default: none does. */
  script?: string;
  /** Default: that of reports. */
  style?: string;
}

/**
 * A page in one file: it loads nothing, and nothing runs but its own script, whatever the names in a result hold.
 * @returns an HTML document, to be written as UTF-8
 */
export function htmlDocument({ title, body, script, style = STYLE }: HtmlDocument): string {
  const policy =
    `default-src 'none'; img-src data:; style-src ${hashOf(style)}; ` +
    `script-src ${script === undefined ? `'none'` : hashOf(script)}; base-uri 'none'; form-action 'none'`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
${body}${script !== undefined && html`<script>${trusted(script)}</script>\n`}</body>
</html>
`.markup;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
