import * as z from 'zod';
import { RfclipError } from '../../engine/errors.ts';
import type { Schema, SchemaError } from '../../system/schema.ts';

/** A reference folder, a manifest or a recorded file that cannot be used; the message is one sentence. */
export class ConformanceError extends RfclipError {
  constructor(message: string, where?: string, fix?: string) {
    super(message, { code: 'RFCLIP-CONFORMANCE', where, fix });
  }
}

const shortText = z.string().min(1).max(300);

const tensorReference = z.object({
  file: shortText,
  key: shortText,
  shape: z.array(z.number().int().nonnegative()).max(8),
  dtype: shortText,
});

const referenceCase = z.object({
  name: shortText,
  function: z.string().default(''),
  parameters: z.record(z.string(), z.unknown()).default({}),
  inputs: z.record(z.string(), tensorReference).default({}),
  outputs: z.record(z.string(), tensorReference).default({}),
  tolerance: z.unknown().optional(),
});

/** Where a recorded tensor lies: `file` is relative to the case's folder, `key` names it in that file. */
export interface TensorReference {
  file: string;
  key: string;
  shape: number[];
  dtype: string;
}

/** One recorded call of a published function. */
export interface ReferenceCase {
  name: string;
  function: string;
  parameters: Record<string, unknown>;
  inputs: Record<string, TensorReference>;
  outputs: Record<string, TensorReference>;
  tolerance?: unknown;
}

/** An entry of a manifest: a case, or the sentence that says why it is none. `name` is given even then. */
export type ManifestEntry =
  | { name: string; reference: ReferenceCase; problem?: undefined }
  | { name: string; reference?: undefined; problem: string };

/**
 * Takes a parsed manifest apart. Entries are judged one by one, so that a damaged one does not hide the others.
 * @param json what `JSON.parse` made of `manifest.json`.
 * @throws ConformanceError when there is no list of cases.
 */
export function readManifest(json: unknown): ManifestEntry[] {
  const outer = z.object({ cases: z.array(z.unknown()) }).safeParse(json);
  if (!outer.success) throw new ConformanceError(`the manifest has no list of cases (${firstIssue(outer.error)})`);
  return outer.data.cases.map((entry, index) => {
    const named = z.object({ name: shortText }).safeParse(entry);
    const name = named.success ? named.data.name : `case ${index + 1}`;
    const parsed = referenceCase.safeParse(entry);
    return parsed.success
      ? { name, reference: parsed.data }
      : { name, problem: `the manifest's entry is not a case (${firstIssue(parsed.error)})` };
  });
}

/**
 * Checks values that a manifest or another JSON file of the reference gives.
 * @param what how the error calls them, such as `parameters`.
 * @throws ConformanceError naming the first value that does not fit.
 */
export function checkValues<Value>(value: unknown, schema: Schema<Value>, what: string): Value {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ConformanceError(`${what}: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

/** The parameters of a case. @throws ConformanceError as `checkValues`. */
export function parametersOf<Value>(reference: ReferenceCase, schema: Schema<Value>): Value {
  return checkValues(reference.parameters, schema, 'parameters');
}

function firstIssue(error: SchemaError): string {
  const [issue] = error.issues;
  const place = issue.path.join('.');
  return place === '' ? issue.message : `${place}: ${issue.message}`;
}
