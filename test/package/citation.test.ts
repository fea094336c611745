import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../support/house.ts';

const read = (name: string) => readFileSync(join(root, name), 'utf8');
const citation = parse(read('CITATION.cff'));
const manifest = JSON.parse(read('package.json'));

test('the citation file has what its format asks for, and says of the package what the package says', () => {
  expect(citation).toMatchObject({
    'cff-version': '1.2.0',
    message: expect.any(String),
    title: manifest.name,
    version: manifest.version,
    license: manifest.license,
    abstract: manifest.description,
    authors: [{ name: 'The rfclip authors' }],
  });
  expect(read('LICENSE')).toContain(citation.authors[0].name);
  expect(manifest.keywords).toEqual(expect.arrayContaining(citation.keywords));
});

test('it names the paper as the page about the method does', () => {
  const [paper] = citation.references;
  const page = read('rfclip/README.md').replaceAll('\n', ' ');
  expect(page).toContain(`*${paper.title}*, ${paper.conference.name}`);
  expect(page).toContain(paper.url);
  expect(page).toContain(`${paper.authors[0]['family-names']} ${paper.authors[1].name}`);
  expect(paper.url).toMatch(new RegExp(`${paper.identifiers[0].value.replace('arXiv:', '')}$`));
  expect(String(paper.year)).toBe(paper.conference.name.split(' ')[1]);
});
