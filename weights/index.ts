/** Checkpoint files: which are known, how to fetch and check them, what they are, and how to convert them. */
export { architectureMetadata } from './architectureMetadata.ts';
export { type ConvertOptions, convertCheckpoint } from './convertCheckpoint.ts';
export { type CheckpointDescription, describeCheckpoint } from './describeCheckpoint.ts';
export { DownloadError } from './downloadError.ts';
export { findKnownCheckpoint, findKnownSha256, KNOWN_CHECKPOINTS, type KnownCheckpoint } from './knownCheckpoints.ts';
export { type PulledCheckpoint, pullCheckpoint, type PullOptions } from './pullCheckpoint.ts';
export { pulledPath, resolveCheckpoint, weightsFolder } from './resolveCheckpoint.ts';
export { SHIPPED_CHECKPOINTS, type ShippedCheckpoint } from './shippedCheckpoints.ts';
export { type CheckpointCheck, verifyCheckpoint } from './verifyCheckpoint.ts';
