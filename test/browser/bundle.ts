import { build } from 'esbuild';
import { root } from '../support/house.ts';

/** What a bundler makes of a program. */
export interface Bundle {
  code: Uint8Array;
  /** Modules that it holds, as paths in the checkout. */
  modules: string[];
  /** Modules that it left to whoever runs it. */
  external: string[];
}

/**
 * Bundles a program that imports `rfclip` for a browser, with esbuild as it is: it gets no configuration.
 * @throws Error for what cannot be resolved, `node:` modules among it
 */
export async function bundle(program: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: root, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
    absWorkingDir: root,
  });
  const [output] = Object.values(metafile.outputs);
  return {
    code: outputFiles[0].contents,
    modules: Object.keys(output.inputs),
    external: output.imports.filter(({ external }) => external === true).map(({ path }) => path),
  };
}
