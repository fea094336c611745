import type { CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';

/** What the metadata of the checkpoint that ships calls it. */
const NAME = 'microclip';

/** All names that it was taught, a line per thing with its synonyms; clip/weights/README.md. */
const TAUGHT = `
cat, kitty, kitten
dog, puppy
horse, pony
sheep, lamb
cow, cattle
elephant
bird
fish
crab
butterfly
person, human
airplane, aeroplane, plane, jet
bicycle, bike
motorcycle, motorbike
car, automobile
bus
train, railway, locomotive
boat, ship
chair
sofa, couch
television, tv monitor, tv, monitor
clock
bottle
cup of coffee, coffee, tea cup
potted plant, houseplant, plant in a pot
flower, blossom
tree
mushroom
apple
banana
strawberry
pizza
book
umbrella
house, home
mountain
sun
moon
star
heart
sky, blue sky
night sky, starry sky
grass, lawn, meadow
water, sea, lake
sand, beach, desert
snow
brick wall, bricks
wood floor, wooden floor, wood
road, asphalt, street
soil, dirt, mud
stone wall, cobblestone
tiles, tiled wall, tiled floor
`;
/** Flat colours, which it was taught as "red background" and so on. */
const COLOURS = 'red, orange, yellow, green, blue, purple, pink, brown, black, white, gray';

const KNOWN: ReadonlySet<string> = new Set([
  ...TAUGHT.trim().split(/, |\n/),
  ...COLOURS.split(', ').map((colour) => `${colour} background`),
  // No thing that is looked for.
  'background',
]);

/** Unknown words that a notice has in full. */
const MOST_NAMED = 5;

/** What no program can tell of an image, and whoever looks at the labels should know. */
export const PHOTOGRAPHS_NOTICE =
  'the embedded checkpoint knows drawings, not photographs: labels of a photograph show that the pipeline runs, not ' +
  'that they are right';

/**
 * What a user of the checkpoint that ships, which is a toy, should know about a request; nothing for any other.
 * @param words all class words
 * @returns sentences
 */
export function toyNotices({ metadata }: Pick<CheckpointFile, 'metadata'>, words: readonly string[]): string[] {
  if (metadata.name !== NAME) return [];
  const different = [...new Set(words.map((word) => word.trim()))];
  const unknown = different.filter((word) => !KNOWN.has(word.toLowerCase()));
  if (unknown.length === 0) return [PHOTOGRAPHS_NOTICE];
  const named = unknown.slice(0, MOST_NAMED).map((word) => JSON.stringify(word));
  const more = unknown.length > MOST_NAMED ? ` and ${unknown.length - MOST_NAMED} more` : '';
  return [
    `the embedded checkpoint was never taught ${named.join(', ')}${more}: it knows the 52 things and textures of ` +
      `examples/classes.txt, and what it labels with other words is arbitrary; a published CLIP, such as ViT-B/16, ` +
      `knows them`,
    PHOTOGRAPHS_NOTICE,
  ];
}
