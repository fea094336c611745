import * as nodeModule from 'node:module';
import { pathToFileURL } from 'node:url';
import { packageRoot } from './packageRoot.ts';

/** What newer versions of Node have, whose types these are not. */
interface ResolveHooks {
  registerHooks?: (hooks: {
    resolve: (specifier: string, context: object, next: (specifier: string, context: object) => object) => object;
  }) => void;
}

let done = false;

/**
 * From now on, `rfclip` and its entries mean this very package in every module that is loaded, wherever it lies: a
 * module of a user's own needs no installation beside it, and never gets a second copy, whose tensors would be
 * strangers.
 */
export function resolveOwnPackage(): void {
  if (done) return;
  done = true;
  const root = `${pathToFileURL(packageRoot()).href}/`;
  const fromSources = import.meta.url.endsWith('.ts');
  const { registerHooks } = nodeModule as ResolveHooks;
  if (registerHooks !== undefined) {
    registerHooks({
      resolve: (specifier, context, next) => {
        if (!isOwn(specifier)) return next(specifier, context);
        if (fromSources) return next(sourceOf(specifier, root), context);
        return next(specifier, { ...context, parentURL: `${root}package.json` });
      },
    });
    return;
  }
  const code = `${isOwn.toString()}\n${sourceOf.toString()}
    export const resolve = (specifier, context, next) => {
      if (!isOwn(specifier)) return next(specifier, context);
      if (${fromSources}) return next(sourceOf(specifier, ${JSON.stringify(root)}), context);
      return next(specifier, { ...context, parentURL: ${JSON.stringify(`${root}package.json`)} });
    };`;
  nodeModule.register(`data:text/javascript,${encodeURIComponent(code)}`);
}

function isOwn(specifier: string): boolean {
  return specifier === 'rfclip' || specifier.startsWith('rfclip/');
}

function sourceOf(specifier: string, root: string): string {
  const entry = specifier.slice('rfclip'.length);
  return `${root}${entry === '' ? '' : `${entry.slice(1)}/`}index.ts`;
}
