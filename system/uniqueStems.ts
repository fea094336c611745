import { basename } from 'node:path';

/**
 * Names for the output of pictures, no two alike: `scene.jpg` gives `scene`; files of the same stem in different
 * folders get `-2`, `-3`, ... Names that differ by case only count as alike, as some file systems have it. A name with
 * nothing but dots before its end, such as `.jpg`, gives `picture`: as part of a path it would name a folder.
 */
export function uniqueStems(paths: readonly string[]): string[] {
  const taken = new Set<string>();
  return paths.map((path) => {
    const bare = basename(path).replace(/\.(png|jpe?g|webp|bmp|gif|tiff?)$/i, '');
    const stem = /^\.*$/.test(bare) ? 'picture' : bare;
    let name = stem;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${stem}-${number}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
