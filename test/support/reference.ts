import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import {
  CaseChecks,
  type CaseContext,
  checkCase,
  planCases,
  type PlannedCase,
  recordedImage,
  ReferenceFiles,
  SharedModels,
} from '../../conformance/index.ts';
import type { Device } from '../../engine/index.ts';
import type { NormalisedImage } from '../../rfclip/prepareImage.ts';

/** Recordings of published code, laid out as `rfclip conformance` expects them. */
export const REFERENCE = fileURLToPath(new URL('../fixtures/reference', import.meta.url));

/** Their files, open until the process ends. */
export const recordings = new ReferenceFiles(REFERENCE);

const planned = planCases(recordings);

function find(name: string): PlannedCase & Required<Pick<PlannedCase, 'reference'>> {
  const found = planned.find((one) => one.name === name);
  if (found?.reference === undefined) throw new Error(`the reference has no case ${name}`);
  return { ...found, reference: found.reference };
}

/** Names `folder/case` of the recorded cases that begin so; at least one, or tests would hold for nothing. */
export function recordedCases(prefix: string): string[] {
  const names = planned.map(({ name }) => name).filter((name) => name.startsWith(prefix));
  if (names.length === 0) throw new Error(`no recorded case begins with ${prefix}`);
  return names;
}

/** A case for tests that compute something of their own from it. */
export function openCase(name: string): CaseChecks {
  const { reference, folder } = find(name);
  return new CaseChecks(reference, folder, recordings);
}

/** The parameters of a case, whose types its test knows. */
export function parametersOf(checks: CaseChecks): Record<string, any> {
  return checks.reference.parameters;
}

/** Absolute tolerances by output, where a test asks for more than the manifest does. */
export type Tightened = Record<string, number>;

/**
 * Runs a case as `rfclip conformance` does, and fails unless every recorded output was compared and agrees.
 * @param tools a device, and models where they are loaded already; nothing for a case that needs no device.
 * @returns what was compared, for what else should be true of it.
 */
export async function expectRecorded(
  name: string,
  tools?: { device: Device; models?: SharedModels },
  tightened: Tightened = {},
): Promise<CaseChecks> {
  const context =
    tools === undefined
      ? ({ files: recordings } as CaseContext)
      : { device: tools.device, files: recordings, models: tools.models ?? new SharedModels(tools.device, recordings) };
  const checks = await checkCase(find(name), context);
  expect(checks.pending).toEqual([]);
  expectAgreement(checks, tightened);
  return checks;
}

/** Fails unless all that was compared agrees, with no decision by a threshold left open. */
export function expectAgreement(checks: CaseChecks, tightened: Tightened = {}): void {
  expect(checks.findings).not.toHaveLength(0);
  for (const { what, ok, detail } of checks.findings) expect({ what, ok, detail }).toEqual({ what, ok: true, detail });
  expect(checks.undecided).toBeUndefined();
  for (const [output, tolerance] of Object.entries(tightened)) {
    const finding = checks.findings.find(({ what }) => what === output);
    expect(finding?.error, output).toBeLessThanOrEqual(tolerance);
  }
}

/** One of the recorded pictures, normalised for the network. */
export function recordedPicture(name: 'main' | 'wide' | 'tall' | 'eqtok' | 'size_a'): NormalisedImage {
  return recordedImage(openCase(name === 'size_a' ? 'segmentor/predict/sclip_area' : `clip/visual/tiny_a/${name}`));
}
