import { DATA_SOURCES, type DataSource } from './sources.ts';

/** Whether a file of a data folder, by its path in it with slashes, is one that a pull makes. */
export function isPulledFile(path: string): boolean {
  if (path === 'rfclip-sources.json' || path.startsWith('archives/')) return true;
  return Object.values(DATA_SOURCES).some(
    (source) => path.startsWith(`${source.root}/`) && isOf(source, path.slice(source.root.length + 1)),
  );
}

function isOf({ steps }: DataSource, path: string): boolean {
  return steps.some((step) => {
    if ('archive' in step)
      return step.archive.takes.some(({ to, suffix }) => path.startsWith(to) && path.endsWith(suffix));
    if (step.convert !== 'pascal-context') return path.startsWith(`${step.folder}/`) && path.endsWith('.png');
    return /^(SegmentationClassContext\/[^/]+\.png|ImageSets\/SegmentationContext\/(train|val)\.txt)$/.test(path);
  });
}
