import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { RfclipError } from '../../engine/errors.ts';
import { Tensor } from '../../engine/tensor.ts';
import { describeMisfit, type Limits } from '../../system/describeMisfit.ts';
import { resolveOwnPackage } from '../../system/ownPackage.ts';
import { RequestError } from '../../system/requestError.ts';
import { partialSettingsSchema } from '../settings.ts';
import type { DenseEncoder } from './denseEncoder.ts';
import { METHOD_NAMES } from './index.ts';
import { hashModule } from './moduleFiles.ts';
import type { Method, MethodParts } from './method.ts';

/** A method that a file of the user's exports. */
export interface MethodModule {
  method: Method;
  /** As the user named it. */
  path: string;
  /** Of that file and of those that it imports by relative paths, see `hashModule`. */
  sha256: string;
}

/** A module that holds no usable method, or whose method broke while it ran. */
class MethodModuleError extends RfclipError {
  constructor(message: string, where: string, cause?: unknown) {
    super(message, { code: METHOD_MODULE_CODE, where, cause });
  }
}

/** Code of errors in a user's module: none of them is the fault of an image. */
export const METHOD_MODULE_CODE = 'RFCLIP-METHOD-MODULE';

/** Names of folders and columns come from it. */
const METHOD_NAME = /^[a-z][a-z0-9-]{0,39}$/;

const schema = z.looseObject({
  name: z.string().min(1),
  summary: z.string().min(1),
  source: z.string().min(1),
  needs: z.strictObject({ distractionDimensions: z.boolean().optional(), dino: z.boolean().optional() }),
  family: z.enum(['rfclip', 'cass', 'naclip', 'sclip']),
  defaults: partialSettingsSchema,
  overrides: z.optional(partialSettingsSchema),
  promptLinkage: z.enum(['complete', 'ward']).optional(),
});

/** Whether the value of `--method` names a file, and not a method. */
export function isMethodPath(text: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(text);
}

/**
 * Loads a method from a module whose default export, or export `method`, is what `defineMethod` makes. The module may
 * import `rfclip` wherever it lies.
 *
 * @param path of the file
 * @throws RequestError if there is none; RfclipError (`RFCLIP-METHOD-MODULE`) naming the file if it cannot be loaded,
 *   exports no method, or one of a built-in name
 */
export async function loadMethodModule(path: string): Promise<MethodModule> {
  const sha256 = hashOf(path);
  const fail = (problem: string, cause?: unknown) =>
    new MethodModuleError(`the method module ${path} ${problem}`, path, cause);
  resolveOwnPackage();
  let exported: Record<string, unknown>;
  try {
    exported = (await import(/* @vite-ignore */ pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (cause) {
    throw fail(`cannot be loaded: ${describe(cause)}${lineIn(cause, path)}`, cause);
  }
  const found = exported.default ?? exported.method;
  if (typeof found !== 'object' || found === null) {
    const names = Object.keys(exported).join(', ');
    throw fail(
      `exports no method; expected what defineMethod makes as default export or as "method", found ` +
        `${names === '' ? 'no export' : names}`,
    );
  }
  return { method: guarded(checked(found, fail), path), path, sha256 };
}

function hashOf(path: string): string {
  try {
    return hashModule(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT' || code === 'ENOTDIR'
        ? 'does not exist'
        : code === 'EISDIR'
          ? 'is a folder, expected a file'
          : `cannot be read (${code})`;
    throw new RequestError(
      `the method module ${path} ${problem}`,
      '--method',
      `methods by name are ${METHOD_NAMES.join(', ')}`,
    );
  }
}

function checked(found: object, fail: (problem: string) => Error): Method {
  const result = schema.safeParse(found);
  if (!result.success) {
    const { path, problem } = describeMisfit(result.error, found, z.toJSONSchema(schema) as Limits);
    throw fail(`exports a method that cannot be used: ${path.length === 0 ? 'it' : path.join('.')} ${problem}`);
  }
  const method = found as Method;
  if (typeof method.make !== 'function')
    throw fail(`exports a method that cannot be used: make is ${typeof method.make}, expected a function`);
  if (!METHOD_NAME.test(method.name))
    throw fail(
      `calls its method ${JSON.stringify(method.name)}; expected a name of at most 40 lower-case letters, digits and ` +
        `hyphens, as in value-value`,
    );
  if ([...METHOD_NAMES, 'all'].includes(method.name))
    throw fail(`calls its method ${method.name}, which is a built-in name; expected another one`);
  return method;
}

/** A method whose failures name its file. */
function guarded(method: Method, path: string): Method {
  const subject = `the method ${method.name} of ${path}`;
  return {
    ...method,
    make: (parts: MethodParts): DenseEncoder => {
      let made: unknown;
      try {
        made = method.make(parts);
      } catch (cause) {
        throw new MethodModuleError(`${subject} failed in make: ${describe(cause)}${lineIn(cause, path)}`, path, cause);
      }
      const { encode, encodeClass } = (made ?? {}) as Partial<DenseEncoder>;
      if (typeof encode !== 'function' || typeof encodeClass !== 'function')
        throw new MethodModuleError(
          `${subject} makes ${made === null ? 'null' : typeof made}, expected an object with the functions ` +
            `encode and encodeClass`,
          path,
        );
      return guardedEncoder(made as DenseEncoder, { subject, path });
    },
  };
}

function guardedEncoder(inner: DenseEncoder, { subject, path }: { subject: string; path: string }): DenseEncoder {
  const attempt = <Result>(place: string, work: () => Result): Result => {
    try {
      return work();
    } catch (cause) {
      // An error of ours may be about the image.
      if (cause instanceof RfclipError) throw cause;
      throw new MethodModuleError(
        `${subject} failed in ${place}: ${describe(cause)}${lineIn(cause, path)}`,
        path,
        cause,
      );
    }
  };
  const expectTensor = (value: unknown, place: string) => {
    if (value instanceof Tensor) return;
    throw new MethodModuleError(`${subject} returns no tensor from ${place}, but ${typeof value}`, path);
  };
  return {
    keepsImagesApart: inner.keepsImagesApart,
    encode(encoder, images, trace, cls) {
      const features = attempt('encode', () => inner.encode(encoder, images, trace, cls));
      expectTensor(features?.patches, 'encode as patches');
      expectTensor(features.cls, 'encode as cls');
      return features;
    },
    encodeClass(encoder, images) {
      const feature = attempt('encodeClass', () => inner.encodeClass(encoder, images));
      expectTensor(feature, 'encodeClass');
      return feature;
    },
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message.split('\n')[0];
  return error instanceof RfclipError || error.name === 'Error' ? text : `${error.name}: ${text}`;
}

/** Where in the module it happened, if the error tells. */
function lineIn(error: unknown, path: string): string {
  const { href } = pathToFileURL(resolve(path));
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const at = stack.indexOf(`${href}:`);
  const line =
    at >= 0
      ? /^\d+/.exec(stack.slice(at + href.length + 1))?.[0]
      : error instanceof SyntaxError
        ? lineOfSyntaxError(path)
        : undefined;
  return line === undefined ? '' : ` (line ${line})`;
}

/** The stack of a syntax error does not tell; Node prints it where it only checks a file. */
function lineOfSyntaxError(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ['--check', resolve(path)], { encoding: 'utf8' });
  return /^.*:(\d+)\n/.exec(stderr)?.[1];
}
