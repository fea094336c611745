import type { SchemaError } from './schema.ts';

/** What is used of a JSON schema. */
export interface Limits {
  type?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Limits;
  prefixItems?: Limits[];
  anyOf?: Limits[];
  enum?: unknown[];
  properties?: Record<string, Limits>;
  additionalProperties?: Limits | boolean;
}

/** Where and why a value does not fit. */
export interface Misfit {
  /** Names and indices that lead there. */
  path: string[];
  /** The rest of a sentence: `is 99999, expected a whole number from 16 to 65536`. */
  problem: string;
  /** The key that a strict object does not know, where that is the misfit. */
  unknownKey?: string;
}

/**
 * The first issue of a schema in words: what was found, and what was expected.
 * @param value what was checked
 * @param limits the schema as a JSON schema
 */
export function describeMisfit(error: SchemaError, value: unknown, limits: Limits): Misfit {
  const [issue] = error.issues;
  const path = issue.path.map(String);
  const { keys: unknownKeys = [] } = issue as UnknownKeys;
  const found = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
  const expected = path.reduce<Limits>(innerLimits, limits);
  if (unknownKeys.length > 0)
    return {
      path,
      unknownKey: unknownKeys[0],
      problem: `has ${unknownKeys[0]}, which does not exist; expected ${namesOf(expected)}`,
    };
  return { path, problem: `is ${describeFound(found)}, expected ${describeLimits(expected)}` };
}

/** What zod's issues also have where a strict object does not know a key. */
interface UnknownKeys {
  keys?: readonly string[];
}

function innerLimits(limits: Limits, key: string): Limits {
  const { properties = {}, prefixItems, items, additionalProperties } = limits;
  if (Object.hasOwn(properties, key)) return properties[key];
  return prefixItems?.[Number(key)] ?? items ?? (typeof additionalProperties === 'object' ? additionalProperties : {});
}

/** A value as sentences have it: texts in quotes, long ones cut; lists and objects by their kind. */
function describeFound(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** What a value may be: `a whole number from 16 to 65536`. */
function describeLimits(limits: Limits): string {
  const { type, minimum, exclusiveMinimum, maximum, minItems, maxItems, items, prefixItems, anyOf } = limits;
  if (anyOf !== undefined) return anyOf.map(describeLimits).join(', or ');
  if (prefixItems !== undefined) return `a list of ${prefixItems.length}, each ${describeLimits(prefixItems[0])}`;
  if (items !== undefined) return `a list of ${minItems} to ${maxItems}, each ${describeLimits(items)}`;
  if (type === 'object') return limits.properties === undefined ? 'an object' : `an object with ${namesOf(limits)}`;
  if (limits.enum !== undefined) return `one of ${limits.enum.join(', ')}`;
  if (type === 'string') return 'a text that is not empty';
  if (type === 'boolean') return 'true or false';
  if (type !== 'integer' && type !== 'number') return type ?? 'something else';
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  return exclusiveMinimum === undefined
    ? `${kind} from ${minimum} to ${maximum}`
    : `${kind} above ${exclusiveMinimum}, at most ${maximum}`;
}

function namesOf({ properties = {} }: Limits): string {
  const names = Object.keys(properties);
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
