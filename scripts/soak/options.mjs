import { parseArgs } from 'node:util';

const USAGE = `usage: node scripts/soak.mjs [--minutes N] [--seed N] [--only NAME,...] [--json FILE]
  --minutes N   how long (default 60); a round that has begun is finished, and every part has one
  --rounds N    at most so many rounds of every part
  --seed N      what is drawn at random; the same seed draws the same kills and files
  --only NAMES  only these parts: `;

/**
 * Reads the command line; ends the process where it is wrong.
 * @param {string[]} args
 * @param {string[]} names of all parts
 */
export function parseOptions(args, names) {
  const usage =
    `${USAGE}${names.join(', ')}\n` +
    '  --small       the smallest rounds, as the test suite has them\n' +
    '  --keep FOLDER where files of failed rounds are kept (default: out/soak)\n' +
    '  --json FILE   the figures once more as JSON';
  try {
    const text = { type: 'string' };
    const { values } = parseArgs({
      args,
      options: {
        minutes: text,
        rounds: text,
        seed: text,
        only: text,
        json: text,
        keep: text,
        small: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const only = values.only?.split(',') ?? names;
    const unknown = only.filter((name) => !names.includes(name));
    if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}`);
    return {
      minutes: number(values.minutes ?? '60', 'minutes'),
      rounds: values.rounds === undefined ? undefined : number(values.rounds, 'rounds'),
      seed: values.seed === undefined ? Date.now() % 2 ** 31 : number(values.seed, 'seed'),
      only,
      json: values.json,
      keep: values.keep ?? 'out/soak',
      small: values.small === true,
    };
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    return process.exit(2);
  }
}

function number(text, name) {
  const value = Number(text);
  if (text === '' || !(value >= 0)) throw new Error(`--${name} is ${text}, expected a number`);
  return value;
}
