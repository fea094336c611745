import { describe, expect, it } from 'vitest';
import { latest } from '../../web/engine/latest.ts';
import { classColours } from '../../web/picture/classColours.ts';
import { labelColours } from '../../web/picture/paintLabels.ts';
import { shownSize } from '../../web/picture/shownSize.ts';
import { chipsOf, classInput, FIRST_CHOICES } from '../../web/state/choices.ts';
import { choicesOf, hashOf } from '../../web/state/hash.ts';

const KNOWN = { methods: ['rfclip', 'naclip'], examples: ['scene_0005'] };

describe('class names', () => {
  it('are separated by commas and line breaks, synonyms by semicolons', () => {
    expect(chipsOf(' cat , dog;puppy ;\n; grass,,', [])).toEqual(['cat', 'dog; puppy', 'grass']);
    expect(classInput(['cat', 'dog; puppy'])).toEqual([
      { name: 'cat', synonyms: [] },
      { name: 'dog', synonyms: ['puppy'] },
    ]);
  });

  it('are there once', () => {
    expect(chipsOf('Cat, bird, BIRD; crow', ['cat; kitten'])).toEqual(['bird']);
  });

  it('have the colours of labels, which a background moves', () => {
    const colour = (threshold: number, ...classes: string[]) => {
      const { palette, labels } = classColours({ classes, threshold });
      return labels.map((label) => [label, ...palette.subarray(3 * label, 3 * label + 3)].join(' '));
    };
    expect(colour(0, 'cat', 'dog')).toEqual(['0 230 159 0', '1 86 180 233']);
    expect(colour(0, 'cat', 'background')).toEqual(['0 230 159 0', '1 0 0 0']);
    expect(colour(0.5, 'cat', 'dog')).toEqual(['1 230 159 0', '2 86 180 233']);
    expect(colour(0.5, 'cat', 'background', 'dog')).toEqual(['1 230 159 0', '0 0 0 0', '2 86 180 233']);
  });
});

describe('the address', () => {
  it('has nothing where nothing was chosen, and all that was', () => {
    expect(hashOf(FIRST_CHOICES)).toBe('');
    const choices = {
      classes: ['cat', 'dog; puppy', 'café & bar'],
      method: 'naclip',
      threshold: 0.25,
      window: 0,
      side: 448,
      opacity: 0.5,
      planted: true,
      example: 'scene_0005',
    };
    const hash = hashOf(choices);
    expect(hash).toMatch(/^classes=cat,dog;puppy,caf%C3%A9\+%26\+bar&example=scene_0005&/);
    expect(choicesOf(`#${hash}`, KNOWN)).toEqual(choices);
  });

  it('is read with care', () => {
    const hash = '#method=best&example=../../etc&threshold=2&window=1.5&side=x&opacity=-1&weights=mine&classes=,;,';
    expect(choicesOf(hash, KNOWN)).toEqual(FIRST_CHOICES);
  });
});

describe('the newest request', () => {
  it('wins, whatever order answers come in', async () => {
    const log: string[] = [];
    let answer: (() => void) | undefined;
    const runs = latest<string, string>(
      (request, signal) => {
        log.push(`begin ${request}`);
        return new Promise((resolve, reject) => {
          answer = () => resolve(request.toUpperCase());
          signal.addEventListener('abort', () => reject(new Error('given up')));
        });
      },
      (outcome) => log.push('answer' in outcome ? outcome.answer : String(outcome.error)),
      () => log.push('idle'),
    );
    const settle = () => new Promise((resolve) => setTimeout(resolve));
    runs.ask('a');
    runs.ask('b');
    runs.ask('c');
    await settle();
    answer!();
    await settle();
    runs.ask('d');
    runs.drop();
    await settle();
    expect(log).toEqual(['begin a', 'begin c', 'C', 'idle', 'begin d', 'idle']);
  });

  it('tells its error', async () => {
    const outcomes: unknown[] = [];
    const runs = latest<string, string>(
      (request) => Promise.reject(new Error(request)),
      (outcome) => outcomes.push(outcome),
      () => undefined,
    );
    runs.ask('a');
    await new Promise((resolve) => setTimeout(resolve));
    expect(outcomes).toEqual([{ error: new Error('a') }]);
  });
});

describe('a painted picture', () => {
  it('is as large as a screen shows', () => {
    expect(shownSize(640, 480)).toEqual({ width: 640, height: 480 });
    const { width, height } = shownSize(6000, 4000);
    expect(width * height).toBeLessThan(1.51e6);
    expect(shownSize(100_000, 20).height).toBe(17);
  });

  it('has the colours of its labels, dark where a region ends, and one class alone where that is wanted', () => {
    const labels = { data: Uint16Array.of(0, 0, 1, 1), width: 4, height: 1 };
    const palette = Uint8Array.of(200, 100, 0, 0, 100, 200);
    const size = { width: 4, height: 1 };
    const rgba = [...labelColours(labels, palette, size)];
    expect(rgba).toEqual([200, 100, 0, 255, 90, 45, 0, 255, 0, 100, 200, 255, 0, 100, 200, 255]);
    expect([...labelColours(labels, palette, size, 1)].filter((_, i) => i % 4 === 3)).toEqual([0, 0, 255, 255]);
    expect([...labelColours(labels, palette, { width: 2, height: 1 })].slice(4)).toEqual([0, 100, 200, 255]);
  });
});
