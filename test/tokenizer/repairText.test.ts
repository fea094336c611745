import { describe, expect, it } from 'vitest';
import { repairText, unescapeHtml } from '../../tokenizer/index.ts';

const BROKEN = '\ufffd';

describe('repairText', () => {
  it.each([
    ['UTF-8 read as Windows-1252', 'âœ” No problems', '✔ No problems'],
    ['read twice', 'Ã\u0192Â©tÃ\u0192Â©', 'été'],
    ['read as Windows-1251', 'РџСЂРёРІРµС‚', 'Привет'],
    ['read as Mac Roman', 'caf√© √† Paris', 'café à Paris'],
    ['no-break space that became a space', 'voilÃ le travail', 'voilà le travail'],
    ['bytes lost', 'â€œ like this â€\ufffd', `" like this ${BROKEN}`],
    ['part of a sound text', '日本語 cafÃ© ok', '日本語 café ok'],
    ['emoji in CESU-8', 'ok \u00ed\u00a0\u00bd\u00ed\u00b8\u0080 fine', 'ok 😀 fine'],
    ['lone C1 control', 'next\u0085line', 'next…line'],
  ])('undoes mojibake: %s', (_, text, expected) => {
    expect(repairText(text)).toBe(expected);
  });

  it.each([
    'É o Ã-Ö',
    'Å is a letter',
    'Â',
    '10² m³ ± 5 %',
    '«guillemets»',
    'Łódź, žluťoučký',
    'naïve façade',
    'Привет',
    '( ͡° ͜ʖ ͡°)',
  ])('leaves sound text alone: %s', (text) => {
    expect(repairText(text)).toBe(text.normalize('NFC'));
  });

  it('unescapes entities until the first line with a <', () => {
    expect(repairText('&amp;lt;\n&eacute; &NTILDE; &nTILDE; &amp')).toBe('<\né Ñ &nTILDE; &amp');
    expect(repairText('&amp;\n<b> &amp;\n&amp;')).toBe('&\n<b> &amp;\n&amp;');
    expect(repairText('&#59; &#x41; &#xZZ;')).toBe('&#59; A &#xZZ;');
  });

  it('takes apart ligatures, widths and quotes', () => {
    expect(repairText('ﬂuﬃeﬆ ŉ ǆ')).toBe("fluffiest 'n dž");
    expect(repairText('ＬＯＵＤ　ﾊﾞﾅﾅ')).toBe('LOUD バナナ');
    expect(repairText('‘single’ ‟double„ ‚low ‹a›')).toBe("'single' \"double\" 'low ‹a›");
  });

  it('removes terminal escapes, control characters and lone surrogates', () => {
    expect(repairText('\u001b[36;44mblue\u001b[0m\u0007 \u000bx\ufeff')).toBe('blue x');
    expect(repairText('a\ud83d b\udca9 \ud83d\udca9')).toBe(`a${BROKEN} b${BROKEN} 💩`);
    expect(repairText('a\r\nb\rc\u2028d')).toBe('a\nb\nc\nd');
  });
});

describe('unescapeHtml', () => {
  it.each([
    ['&lt;b&gt; &amp;amp;', '<b> &amp;'],
    ['&notit; &notin; &amp &ampx &am', '¬it; ∉ & &x &am'],
    ['&#39;&#x27;&#X41', "''A"],
    ['&#128;&#x99;&#129;', '€™\u0081'],
    ['&#0;&#xD800;&#x110000;&#99999999999999999999;', BROKEN.repeat(4)],
    ['a&#1;b&#xFFFE;c&#xFDD0;d&#127;e', 'abcde'],
    ['&#13;&#10;', '\r\n'],
    ['&CounterClockwiseContourIntegral; &lang;', '∳ ⟨'],
    ['& &; &# &#; &#x; &unknown;', '& &; &# &#; &#x; &unknown;'],
  ])('%s', (text, expected) => {
    expect(unescapeHtml(text)).toBe(expected);
  });
});
