import type { DinoEncoder } from '../../clip/dino/index.ts';
import type { Linkage } from '../clustering.ts';
import type { Settings } from '../settings.ts';
import type { DenseEncoder } from './denseEncoder.ts';

/** What a checkpoint and its user provide for a method. */
export interface MethodParts {
  /** Over-activated dimensions of the image tower; given to methods that need them. */
  distractionDimensions: readonly number[];
  /** The second image tower; given to methods that need it. */
  dino: DinoEncoder | undefined;
  settings: Settings;
}

/** The code bases whose settings for the benchmarks were published. */
export type PublishedFamily = 'rfclip' | 'cass' | 'naclip' | 'sclip';

/**
 * All there is to know about a way to read dense features out of CLIP without training. A new method is one file that
 * exports one of these, and one entry in `METHODS`: commands, evaluations, help texts and tables follow from it.
 */
export interface Method<Name extends string = string> {
  readonly name: Name;
  /** What it changes in CLIP, in one line. */
  readonly summary: string;
  /** Where it was published. */
  readonly source: string;
  /** What it cannot run without. */
  readonly needs: { readonly distractionDimensions?: boolean; readonly dino?: boolean };
  /** Whose published settings it is evaluated with on the benchmarks, where `defaults` do not count. */
  readonly family: PublishedFamily;
  /** What it changes in `DEFAULT_SETTINGS` for images of any kind: everywhere but on the benchmarks. */
  readonly defaults: Partial<Settings>;
  /** What it changes in its family's published settings on the benchmarks. */
  readonly overrides?: Partial<Settings>;
  /** How class words are clustered for its hierarchical prompts; default: by complete linkage. */
  readonly promptLinkage?: Linkage;
  /** The method itself. `parts` has what `needs` asks for. */
  make(parts: MethodParts): DenseEncoder;
}

/** Declares a method and keeps its name as a literal type. */
export function defineMethod<const Name extends string>(method: Method<Name>): Method<Name> {
  return method;
}
