import { RfclipError } from '../engine/errors.ts';

/** Which tensors of a run are wanted: names, in which `*` stands for anything within a part, as in `layer3/*`. */
export interface TraceNames {
  wants(name: string): boolean;
  /** @throws RfclipError (`RFCLIP-TRACE`) for a name that none of the tensors of the run has */
  check(names: ReadonlySet<string>, method: string): void;
}

/** @throws RfclipError (`RFCLIP-TRACE`) for what is no list of names, or an empty one */
export function parseTraceNames(names: readonly string[]): TraceNames {
  if (!Array.isArray(names) || names.length === 0 || names.some((name) => typeof name !== 'string' || name === '')) {
    throw new RfclipError('trace was given no names of tensors, expected a list such as ["layer0/phi", "logits"]', {
      code: 'RFCLIP-TRACE',
      where: 'names',
    });
  }
  const patterns = names.map((name) => ({ name, pattern: patternOf(name) }));
  return {
    wants: (name) => patterns.some(({ pattern }) => pattern.test(name)),
    check: (seen, method) => {
      const missing = patterns.find(({ pattern }) => ![...seen].some((name) => pattern.test(name)));
      if (missing === undefined) return;
      throw new RfclipError(
        `a run of ${method} has no tensor ${missing.name}, expected some of ${kindsOf(seen).join(', ')}`,
        { code: 'RFCLIP-TRACE', where: missing.name, ...layersOf(seen) },
      );
    },
  };
}

function patternOf(name: string): RegExp {
  const escaped = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^/]*')}$`);
}

/** The names, those of all layers as one. */
function kindsOf(names: ReadonlySet<string>): string[] {
  return [...new Set([...names].map((name) => name.replace(/^layer\d+\//, 'layer*/')))].sort();
}

/** Which layers the star in `layer*` stands for; nothing where no name has one. */
function layersOf(names: ReadonlySet<string>): { fix?: string } {
  const layers = [...names].flatMap((name) => /^layer(\d+)\//.exec(name)?.slice(1).map(Number) ?? []);
  if (layers.length === 0) return {};
  return { fix: `layers here are layer${Math.min(...layers)} to layer${Math.max(...layers)}` };
}
