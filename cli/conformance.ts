import type { Command } from 'commander';

/** Adds `rfclip conformance`. */
export function addConformanceCommand(_program: Command): void {}
