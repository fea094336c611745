import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Test files that take a processor for long, the longest first, and all that would be long for the last one. */
export const LONGEST: readonly string[] = [
  'test/cli/sampleTable.test.ts',
  'test/engine/matmulKernels.test.ts',
  'test/cli/cluster.test.ts',
  'test/web/playground.test.ts',
  'test/recipes.test.ts',
  'test/cli/evalAll.test.ts',
  'test/engine/matmulHalf.test.ts',
  'test/cli/ablate.test.ts',
  'test/cli/eval.test.ts',
  'test/cli/pictures.test.ts',
  'test/package/package.test.ts',
  'test/cli/overwrite.test.ts',
  'test/browser/inside.test.ts',
  'test/cli/evalPictures.test.ts',
  'test/cli/segment.test.ts',
  'test/cli/evalFolder.test.ts',
  'test/scripts/soak.test.ts',
  'test/engine/flashAttention.test.ts',
  'test/conformance/conformance.test.ts',
  'test/engine/kernelChecks.test.ts',
  'test/browser/chromium.test.ts',
  'test/rfclip/planted.test.ts',
  'test/scripts/plant.test.ts',
  'test/rfclip/calibrateSample.test.ts',
  'test/library/memory.test.ts',
];

/**
 * Starts the longest files first: one that comes last would leave a core idle. Vitest orders a clean clone, of which it
 * knows no durations, by the sizes of files, and the longest of all is one of the smallest.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return index < 0 ? LONGEST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
