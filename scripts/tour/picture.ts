import type { Page } from 'playwright-core';
import type { Model } from '../../library/index.ts';

/** A picture of the tour. */
export type TourPicture = PanelPicture | DrawnPicture;

interface Common {
  /** Name in docs/tour/pictures: the chapter's number, what it shows, and .png, or .jpg where it is mostly photograph. */
  file: string;
  /** Width of the browser in CSS pixels; the picture has 1.5 times as many at most. Default: 760. */
  width?: number;
}

/** A part of the page that `rfclip explain` writes. */
export interface PanelPicture extends Common {
  explain: ExplainRun;
  /** A CSS selector of what is photographed, such as `#distraction`, or `#cut .maps`. */
  show: string;
  /** What is clicked or chosen before. */
  prepare?: (page: Page) => Promise<void>;
  /** CSS added to the page: to hide what a chapter does not speak of. */
  style?: string;
}

/** A run of `rfclip explain`; pictures of one run share it. */
export interface ExplainRun {
  /** From the root of the checkout. */
  image: string;
  classes: string;
  checkpoint?: 'planted';
  /** Values of `--at`. */
  at?: readonly string[];
  /** Values of `--method`. */
  methods?: readonly string[];
}

/** What no panel shows. */
export interface DrawnPicture extends Common {
  /** The inside of an HTML body, white, in system fonts. */
  draw: (open: OpenModel) => Promise<string> | string;
}

/** A model with the embedded or the planted checkpoint, opened once for all pictures; not to be closed. */
export type OpenModel = (checkpoint?: 'planted') => Promise<Model>;
