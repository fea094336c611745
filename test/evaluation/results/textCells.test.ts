import { describe, expect, it } from 'vitest';
import { csvLine, markdownCell } from '../../../evaluation/results/textCells.ts';

describe('csvLine', () => {
  it('quotes what would end a field', () =>
    expect(csvLine(['a', 'b, c', 'say "so"', 'two\nlines', 0.5, ''])).toBe(
      'a,"b, c","say ""so""","two\nlines",0.5,\r\n',
    ));

  it('keeps spreadsheets from running a name, and numbers as they are', () => {
    expect(csvLine(['=1+1', '+x', '-x', '@x', '\tx', '\rx', 'a=b', -1, -0.5])).toBe(
      "'=1+1,'+x,'-x,'@x,'\tx,\"'\rx\",a=b,-1,-0.5\r\n",
    );
    expect(csvLine(['=HYPERLINK("http://x","y")'])).toBe(`"'=HYPERLINK(""http://x"",""y"")"\r\n`);
  });
});

describe('markdownCell', () => {
  it.each([
    ['a|b', 'a\\|b'],
    ['a\\|b', 'a\\\\\\|b'],
    ['C:\\data\\', 'C:\\\\data\\\\'],
    ['two\r\nlines', 'two lines'],
  ])('%j', (text, cell) => expect(markdownCell(text)).toBe(cell));
});
