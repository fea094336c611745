import { describe, expect, it } from 'vitest';
import { findBenchmark } from '../../datasets/benchmarks/index.ts';
import { storeConfusion, emptyConfusion } from '../../datasets/confusion.ts';
import { formatConfusionCsv } from '../../evaluation/results/confusionCsv.ts';
import {
  blend,
  DARK_PAPER,
  inkOn,
  PAPER,
  relativeLuminance,
  RIGHT,
  WRONG,
} from '../../evaluation/htmlReport/colours.ts';
import { confusionTable, mostFrequent } from '../../evaluation/htmlReport/confusions.ts';
import { escapeJson, html } from '../../evaluation/htmlReport/escape.ts';
import { duration, sharePercent } from '../../evaluation/htmlReport/numbers.ts';
import { formatHtmlReport } from '../../evaluation/htmlReport/page.ts';
import { HOSTILE_NAMES, reportResult } from '../support/reportFixture.ts';

const NO_PICTURES = new Map<string, Uint8Array>();

describe('escaping', () => {
  it('a value in a template is text, whatever it holds', () => {
    expect(html`<p title="${'a"b\'c'}">${'<b> & \0\ud800é😀'}${3}${null}${false}</p>`.markup).toBe(
      '<p title="a&#34;b&#39;c">&#60;b&#62; &#38; \ufffd\ufffdé😀3</p>',
    );
  });
  it('templates nest without being escaped twice', () => {
    expect(html`<ul>${['<', 'b'].map((text) => html`<li>${text}</li>`)}</ul>`.markup).toBe(
      '<ul><li>&#60;</li><li>b</li></ul>',
    );
  });
  it('JSON cannot end its script element', () => {
    const { markup } = escapeJson(['</script>', '<!--']);
    expect(markup).not.toContain('<');
    expect(JSON.parse(markup)).toEqual(['</script>', '<!--']);
  });
});

describe('numbers', () => {
  it.each([
    [0, 5, '0 %'],
    [0, 0, '0 %'],
    [1, 10_000, '< 0.1 %'],
    [1, 8, '12.5 %'],
    [5, 5, '100.0 %'],
  ])('%i of %i is %s', (part, whole, expected) => expect(sharePercent(part, whole)).toBe(expected));
  it.each([
    [0, '0.0 s'],
    [1234, '1.2 s'],
    [59_990, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('%i ms are %s', (milliseconds, expected) => expect(duration(milliseconds)).toBe(expected));
});

describe('digits on the heat map', () => {
  it.each([
    ['right', RIGHT],
    ['wrong', WRONG],
  ])('have a contrast of 4.5 on every share that was predicted %s, in light and dark', (_name, colour) => {
    const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    for (let opacity = 0; opacity <= 1; opacity += 0.005) {
      expect(
        contrast(relativeLuminance(blend(colour, PAPER, opacity)), inkOn(colour, opacity) === 'black' ? 0 : 1),
      ).toBeGreaterThan(4.5);
      expect(contrast(relativeLuminance(blend(colour, DARK_PAPER, opacity)), 1)).toBeGreaterThan(4.5);
    }
  });
});

describe('confusions', () => {
  const confusion = emptyConfusion(3);
  confusion.counts.set([5, 2, 0, 0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const result = reportResult(['a', 'b, c', 'd'], { confusion });

  it('are ordered by pixels, without the diagonal and without labels that are no class', () => {
    expect(mostFrequent(confusionTable(result), 3, 20)).toEqual([
      { label: 1, prediction: 0, pixels: 9 },
      { label: 0, prediction: 1, pixels: 2 },
    ]);
    confusion.counts[12] = 100;
    const table = confusionTable({ ...result, confusion: storeConfusion(confusion) });
    confusion.counts[12] = 0;
    expect(table.names).toEqual(['a', 'b, c', 'd', '(no class)']);
    expect([...table.labelled]).toEqual([7, 10, 0, 100]);
    expect(mostFrequent(table, 3, 1)).toEqual([{ label: 1, prediction: 0, pixels: 9 }]);
  });
  it('as CSV are the full matrix with names', () => {
    expect(formatConfusionCsv(result)).toBe(
      'label \\ prediction,a,"b, c",d,(no class)\r\na,5,2,0,0\r\n"b, c",9,1,0,0\r\nd,0,0,0,0\r\n(no class),0,0,0,0\r\n',
    );
  });
});

describe('the page', () => {
  it('is below 1 MB for the 171 classes of COCO-Stuff with every cell counted', () => {
    const { classes } = findBenchmark('cocostuff')!;
    const confusion = emptyConfusion(171);
    confusion.counts.forEach((_, cell) => (confusion.counts[cell] = 1 + ((cell * 7919) % 1_000_003)));
    expect(
      formatHtmlReport(
        reportResult(
          classes.map(([name]) => name),
          { confusion },
        ),
        NO_PICTURES,
      ).length,
    ).toBeLessThan(1e6);
  });
  it('has no markup of a name, an id, a problem, a title or a setting', () => {
    const evil = '<img src=x onerror=alert(1)>"\'';
    const result = reportResult(HOSTILE_NAMES, {
      title: evil,
      failures: [{ id: evil, problem: evil }],
      adapters: [evil],
      versions: { [evil]: evil },
      extremes: { worst: [{ id: evil, mIoU: 0.5, thumbnail: 'thumbnails/a.jpg' }], best: [] },
    });
    Object.assign(result.evaluation.configuration.settings, { [evil]: evil });
    const page = formatHtmlReport(result, new Map([['thumbnails/a.jpg', Uint8Array.of(1)]]));
    expect(page).toContain('&#60;img src=x onerror');
    expect(page.replace(/<script type="application\/json"[^]*?<\/script>/, '')).not.toMatch(
      /<img src=x|<script>alert|<!--/,
    );
    expect(page.match(/<script/g)).toHaveLength(2);
  });
  it('names what was published, and how many images it is about', () => {
    const result = reportResult(['a', 'b']);
    const of = (dataSet: string, counted: number) => {
      result.evaluation.configuration.dataSet = dataSet;
      result.images.counted = counted;
      return /<p class="published">(.*)<\/p>/.exec(formatHtmlReport(result, NO_PICTURES))?.[1];
    };
    expect(of('voc20', 1449)).toBe(
      'Published mIoU with CLIP ViT-B/16 over 1,449 images: RF-CLIP 87.0, with PAMR 87.0.',
    );
    expect(of('voc20', 12)).toMatch(/This result counts 12\.$/);
    expect(of('sample', 12)).toBeUndefined();
    result.evaluation.configuration.method = 'sclip';
    expect(of('voc20', 1449)).toMatch(/, SCLIP 81\.54\.$/);
  });
  it('warns of missing shards, failures and strange labels, and of nothing else', () => {
    const warnings = (changes: Parameters<typeof reportResult>[1]) =>
      [...formatHtmlReport(reportResult(['a', 'b'], changes), NO_PICTURES).matchAll(/<li>([^<]*)/g)].map(
        ([, text]) => text,
      );
    expect(warnings({})).toEqual([]);
    const confusion = emptyConfusion(2);
    confusion.counts[6] = 1;
    expect(
      warnings({ shards: { count: 4, indices: [1, 3] }, failures: [{ id: 'x', problem: 'y' }], confusion }),
    ).toEqual([
      'Shards 1, 3 of 4 only: these are numbers of a part of the data set.',
      '1 image of 7 was not evaluated and is not in these numbers: ',
      '1 pixel has a label that is neither a class nor 255: do the labels belong to this class list?',
    ]);
  });
  it('lists a part of very many failures', () => {
    const failures = Array.from({ length: 250 }, (_, k) => ({ id: `image ${k}`, problem: 'gone' }));
    const page = formatHtmlReport(reportResult(['a', 'b'], { failures }), NO_PICTURES);
    expect(page).toContain('image 199');
    expect(page).not.toContain('image 200');
    expect(page).toContain('250 images, of which these are the first 200');
  });
  it('does without the drawing where there are too many classes, and without numbers where nothing was counted', () => {
    const many = formatHtmlReport(reportResult(Array.from({ length: 501 }, (_, k) => `class ${k}`)), NO_PICTURES);
    expect(many).toContain('501 classes are too many to draw');
    expect(many).not.toContain('<image');
    const none = formatHtmlReport(
      reportResult(['a', 'b'], { confusion: emptyConfusion(2), images: { selected: 7, counted: 0 } }),
      NO_PICTURES,
    );
    expect(none).toContain('<dt>mIoU</dt><dd>-</dd>');
    expect(none).not.toMatch(/NaN|>undefined/);
  });
});
