import { kernelSource } from '../kernels/source.ts';
import { saveWgsl } from './debugFiles.ts';
import { DeviceError, RfclipError } from './errors.ts';
import type { Bindable, Dispatch, DispatchObserver, Workgroups } from './dispatch.ts';
import { formatShape } from './shape.ts';
import { debugVariable } from './variables.ts';

/** What the variable RFCLIP_DEBUG turns on. */
export interface DebugOptions {
  /** Print the kernel timing table when the device is destroyed. */
  timing: boolean;
  /** Print a line for every dispatch as it is recorded. */
  dispatches: boolean;
  /** Write the WGSL of every pipeline into this folder. */
  wgslFolder?: string;
  /** After every op, look for NaN and infinity; reading a value then fails, naming the first op that produced one. */
  nonFinite: boolean;
}

/**
 * Parses RFCLIP_DEBUG, or a value in its place: a comma-separated list of `timing`, `dispatch`, `wgsl=FOLDER` and
 * `nan`.
 * @throws RfclipError for any other word.
 */
export function parseDebugOptions(value = debugVariable()): DebugOptions {
  const options: DebugOptions = { timing: false, dispatches: false, nonFinite: false };
  for (const word of (value ?? '').split(',').map((part) => part.trim())) {
    if (word === '') continue;
    else if (word === 'timing') options.timing = true;
    else if (word === 'dispatch') options.dispatches = true;
    else if (word === 'nan') options.nonFinite = true;
    else if (word.startsWith('wgsl=') && word.length > 5) options.wgslFolder = word.slice(5);
    else {
      throw new RfclipError(
        `RFCLIP_DEBUG: "${word}" is unknown; expected a list of timing, dispatch, wgsl=FOLDER, nan`,
        {
          code: 'RFCLIP-DEBUG',
          where: 'RFCLIP_DEBUG',
        },
      );
    }
  }
  return options;
}

/** What gets the WGSL of every pipeline by its key, where a folder for it was named. */
export function wgslSaver({ wgslFolder: folder }: DebugOptions): ((key: string, wgsl: string) => void) | undefined {
  return folder === undefined ? undefined : (key, wgsl) => saveWgsl(folder, key, wgsl);
}

const CHECKED_OPS = 1 << 16;

/** What the observer asks of the device that owns it. */
export interface DebugTools<Flags extends Bindable> {
  log(line: string): void;
  /** `count` zeros as u32 that live as long as the device. */
  makeFlags(count: number): Flags;
  record(dispatch: Dispatch): void;
}

/** The observer of dispatches behind RFCLIP_DEBUG; one per device. */
export class DebugObserver<Flags extends Bindable> implements DispatchObserver {
  readonly #options: DebugOptions;
  readonly #tools: DebugTools<Flags>;
  readonly #labels: string[] = [];
  readonly #parts: string[] = [];
  /** Ops that the flags asked for last will tell of, those that were told of, and those beyond the flags. */
  #asked = 0;
  #examined = 0;
  #unchecked = 0;
  #found = false;
  #flags: Flags | undefined;

  constructor(options: DebugOptions, tools: DebugTools<Flags>) {
    this.#options = options;
    this.#tools = tools;
  }

  /** What is recorded from now on serves this part of the part before; see `inPart`. */
  enter(part: string): void {
    this.#parts.push(part);
  }

  /** Ends the part that was entered last. */
  leave(): void {
    this.#parts.pop();
  }

  /** Called by the recorder after each dispatch was appended. */
  onDispatch(dispatch: Dispatch, kernel: string, workgroups: Workgroups): void {
    if (dispatch.kernel === 'find_nonfinite') return;
    const label = [...(this.#parts.length === 0 ? [] : [this.#parts.join('/')]), kernel].join(' ');
    const outputs = writtenTensors(dispatch);
    if (this.#options.dispatches) {
      const shapes = dispatch.tensors
        .map((tensor) => (outputs.includes(tensor) ? '-> ' : '') + formatShape(tensor.shape))
        .join(' ');
      this.#tools.log(`${label}  groups ${workgroups.join('x')}  ${shapes}`);
    }
    if (!this.#options.nonFinite) return;
    for (const output of outputs) {
      if (output.dtype !== 'f32') continue;
      if (this.#labels.length >= CHECKED_OPS) {
        this.#unchecked++;
        continue;
      }
      const number = this.#labels.push(`${label} -> ${formatShape(output.shape)}`) - 1;
      this.#flags ??= this.#tools.makeFlags(CHECKED_OPS);
      this.#tools.record({
        kernel: 'find_nonfinite',
        params: { size: output.size, number },
        tensors: [output, this.#flags],
        workgroups: [Math.min(256, Math.ceil(output.size / 64)), 1, 1],
      });
    }
  }

  /** The tensor of flags to be read along with a result, one u32 per checked op. */
  get flags(): Flags | undefined {
    this.#asked = this.#labels.length;
    return this.#flags;
  }

  /** @throws DeviceError naming the first op whose output held a NaN or an infinity. */
  check(flags: Uint32Array): void {
    const first = flags.findIndex((flag) => flag !== 0);
    this.#examined = this.#asked;
    if (first < 0) return;
    this.#found = true;
    throw new DeviceError(`the first NaN or infinity was produced by op ${first + 1}: ${this.#labels[first]}`, {
      code: 'RFCLIP-NAN',
    });
  }

  /** Says how many ops were looked through, where that was asked for. */
  end(): void {
    if (!this.#options.nonFinite) return;
    const others = this.#unchecked === 0 ? '' : `; ${this.#unchecked} later ones were not, the limit is ${CHECKED_OPS}`;
    const found = this.#found ? 'a NaN or an infinity was found' : 'no NaN and no infinity';
    this.#tools.log(`nan: ops checked: ${this.#examined}, ${found}${others}`);
  }
}

/** The tensors that a launch writes, by the access modes in the kernel's WGSL. */
function writtenTensors({ kernel, tensors }: Dispatch): Bindable[] {
  const written = kernelSource(kernel).matchAll(/@binding\((\d+)\) var<storage, read_write>/g);
  return [...written].map(([, binding]) => tensors[Number(binding) - 1]);
}
