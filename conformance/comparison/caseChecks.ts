import {
  differences,
  EXACT,
  largestError,
  type MaskEvidence,
  maskVerdict,
  positionOf,
  type Tolerance,
  toleranceOf,
} from './compare.ts';
import { ConformanceError, type ReferenceCase } from '../reading/manifest.ts';
import type { RecordedTensor, ReferenceFiles } from '../reading/referenceFiles.ts';

/** One comparison: an output of a case, or something else that the case states. */
export interface Finding {
  what: string;
  /** Largest absolute difference, or the share or number of elements that differ. */
  error: number;
  /** 0 for what must be equal. */
  tolerance: number;
  ok: boolean;
  /** Where it went wrong. */
  detail?: string;
}

/** Values that can be compared element by element. */
export type Values = ArrayLike<number>;

/**
 * Collects the comparisons of one case and knows which recorded outputs have not been looked at.
 */
export class CaseChecks {
  readonly reference: ReferenceCase;
  readonly findings: Finding[] = [];
  readonly notes: string[] = [];
  /** Our side of every comparison of numbers, by what the finding calls it. */
  readonly computed = new Map<string, Values>();
  readonly #files: ReferenceFiles;
  readonly #folder: string;
  readonly #pending: Set<string>;
  #flip: string | undefined;
  #lack: string | undefined;

  /** `compares` are the outputs this part of the case is responsible for; default: all. */
  constructor(
    reference: ReferenceCase,
    folder: string,
    files: ReferenceFiles,
    compares: readonly string[] = Object.keys(reference.outputs),
  ) {
    this.reference = reference;
    this.#folder = folder;
    this.#files = files;
    this.#pending = new Set(compares);
  }

  /** Recorded outputs that nothing was compared with. */
  get pending(): readonly string[] {
    return [...this.#pending];
  }

  /**
   * The threshold decision that fell on the other side or may have, so that later floats are not judged; undefined
   * where everything was.
   */
  get undecided(): string | undefined {
    return this.#flip;
  }

  /** Why the case cannot be compared here; undefined where it can. */
  get lack(): string | undefined {
    return this.#lack;
  }

  /** Sets the whole case aside, because what runs it lacks something. */
  skip(lack: string): void {
    this.#lack = lack;
  }

  /** Whether the case records this output. */
  records(output: string): boolean {
    return Object.hasOwn(this.reference.outputs, output);
  }

  /**
   * A recorded input.
   * @throws ConformanceError, CheckpointError when the case has none of that name or it cannot be read.
   */
  input(role: string): RecordedTensor {
    if (!Object.hasOwn(this.reference.inputs, role)) throw new ConformanceError(`the case has no input ${role}`);
    return this.#files.tensor(this.#folder, this.reference.inputs[role]);
  }

  /** A recorded output. @throws as `input`. */
  output(role: string): RecordedTensor {
    if (!this.records(role)) throw new ConformanceError(`the case has no output ${role}`);
    return this.#files.tensor(this.#folder, this.reference.outputs[role]);
  }

  /** Tolerance of an output, from the manifest or by default. @throws ConformanceError for one of no known form. */
  tolerance(output: string): Tolerance {
    return toleranceOf(this.reference.tolerance, output, this.reference.outputs[output].dtype);
  }

  /**
   * Compares a recorded output, if the case records it.
   * @param actual its values, row-major.
   * @param tolerance default: the manifest's.
   * @returns the largest error, or undefined where nothing is recorded.
   * @throws ConformanceError, CheckpointError when the recording cannot be read.
   */
  compare(output: string, actual: Values, tolerance?: Tolerance): number | undefined {
    if (!this.records(output)) return undefined;
    const { values, shape } = this.output(output);
    this.#pending.delete(output);
    return this.#add(output, actual, values, shape, tolerance ?? this.tolerance(output));
  }

  /** Compares something that is no recorded tensor: a parameter, a column of a JSON file. */
  value(what: string, actual: Values, expected: Values, tolerance: Tolerance = EXACT): void {
    this.#add(what, actual, expected, [expected.length], tolerance);
  }

  /** Compares a recorded output after its values were brought into another form; both sides are given. */
  compareForm(
    output: string,
    what: string,
    actual: Values,
    form: (recorded: Float32Array) => Values,
    tolerance: Tolerance = EXACT,
  ): void {
    if (!this.records(output)) return;
    const expected = form(this.output(output).values);
    this.#pending.delete(output);
    this.value(what, actual, expected, tolerance);
  }

  /** Compares lists of anything by their JSON. */
  same(what: string, actual: readonly unknown[], expected: readonly unknown[]): void {
    const wrong = expected.findIndex((item, index) => JSON.stringify(item) !== JSON.stringify(actual[index]));
    const ok = wrong < 0 && actual.length === expected.length;
    const detail =
      actual.length !== expected.length
        ? `${what} has ${actual.length} entries, expected ${expected.length}`
        : ok
          ? undefined
          : `${what}: entry ${wrong} is ${shorten(actual[wrong])}, expected ${shorten(expected[wrong])}`;
    this.findings.push({ what, error: ok ? 0 : 1, tolerance: 0, ok, detail });
  }

  /**
   * Compares a recorded mask by the rule of `maskVerdict`. A tolerated difference is said in a note, and later floats
   * of the case are not judged any more, because they follow from the decision.
   */
  mask(output: string, actual: Values, evidence: MaskEvidence): void {
    if (!this.records(output)) return;
    const { values, shape } = this.output(output);
    this.#pending.delete(output);
    this.computed.set(output, actual);
    if (!this.#sameLength(output, actual, values, 0)) return;
    const { different, tolerated } = maskVerdict(actual, values, evidence);
    const first = differences(actual, values)[0];
    const margin =
      evidence.margin === undefined
        ? 'no recorded margin'
        : `the recorded margin ${evidence.margin.toExponential(1)} against an error of ` +
          `${evidence.error.toExponential(1)}`;
    const detail =
      different === 0
        ? undefined
        : `${output} differs in ${different} of ${values.length} elements, first at ${positionOf(first, shape)}, ` +
          `with ${margin}`;
    this.findings.push({ what: output, error: tolerated ? 0 : different, tolerance: 0, ok: tolerated, detail });
    if (tolerated && detail !== undefined) {
      this.notes.push(detail);
      this.mayFlip(output);
    }
  }

  /**
   * From now on, floats beyond their tolerance are noted but not held against the case, because a threshold decision
   * flipped.
   */
  mayFlip(decision: string): void {
    this.#flip ??= decision;
  }

  /** Sets a recorded output aside, for a reason that the case's line repeats. */
  leaveOut(output: string, reason: string): void {
    if (!this.#pending.delete(output)) return;
    this.notes.push(`${output} not compared: ${reason}`);
  }

  #add(what: string, actual: Values, expected: Values, shape: readonly number[], tolerance: Tolerance): number {
    this.computed.set(what, actual);
    if (!this.#sameLength(what, actual, expected, tolerance.value)) return NaN;
    const { error: largest, index } = largestError(actual, expected);
    const error =
      tolerance.kind === 'share' ? differences(actual, expected).length / Math.max(1, expected.length) : largest;
    const within = error <= tolerance.value;
    const detail = within
      ? undefined
      : `${what} at ${positionOf(index, shape)} is ${actual[index]}, expected ${expected[index]}`;
    const excused = !within && this.#flip !== undefined && !Number.isNaN(error);
    if (excused) this.notes.push(`${what} is off by ${error.toExponential(1)} and not judged after ${this.#flip}`);
    this.findings.push(
      excused
        ? { what, error: 0, tolerance: tolerance.value, ok: true }
        : { what, error, tolerance: tolerance.value, ok: within, detail },
    );
    return error;
  }

  #sameLength(what: string, actual: Values, expected: Values, tolerance: number): boolean {
    if (actual.length === expected.length) return true;
    this.findings.push({
      what,
      error: NaN,
      tolerance,
      ok: false,
      detail: `${what} has ${actual.length} values, expected ${expected.length}`,
    });
    return false;
  }
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
