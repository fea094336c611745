/**
 * The pictures that ship with the playground: file below examples/, what it shows, and classes to ask for. Some of them
 * are not in the picture.
 * @type {readonly { path: string, title: string, classes: readonly string[] }[]}
 */
export const EXAMPLES = [
  {
    path: 'scenes/scene_0033.jpg',
    title: 'An airplane and the sun over water',
    classes: ['airplane; plane', 'sun', 'water; sea', 'tiles', 'bird'],
  },
  {
    path: 'scenes/scene_0025.jpg',
    title: 'A horse and the moon',
    classes: ['horse; pony', 'moon', 'soil; dirt', 'banana'],
  },
  {
    path: 'scenes/scene_0032.jpg',
    title: 'A butterfly, a television and a cup',
    classes: ['butterfly', 'television; tv', 'cup of coffee', 'water; sea', 'tiles', 'clock'],
  },
  {
    path: 'scenes/scene_0015.jpg',
    title: 'A horse, an apple and a crab on a road',
    classes: ['horse; pony', 'apple', 'crab', 'road; asphalt', 'dog'],
  },
  {
    path: 'scenes/scene_0021.jpg',
    title: 'A heart between sand and soil',
    classes: ['heart', 'sand; beach', 'soil; dirt', 'star'],
  },
  {
    path: 'scenes/scene_0005.jpg',
    title: 'A banana, the moon and a heart on a wood floor',
    classes: ['banana', 'moon', 'heart', 'wood floor; wood', 'sun'],
  },
  { path: 'photos/chelsea.png', title: 'A cat', classes: ['cat', 'dog', 'sofa', 'person'] },
  {
    path: 'photos/coffee.png',
    title: 'A cup of coffee on a table',
    classes: ['cup of coffee; coffee', 'wood floor; wood', 'bottle'],
  },
  {
    path: 'photos/astronaut.png',
    title: 'An astronaut',
    classes: ['person; human', 'airplane', 'clock'],
  },
  { path: 'photos/rocket.jpg', title: 'A rocket at dusk', classes: ['airplane', 'sky; blue sky', 'night sky', 'tree'] },
];
