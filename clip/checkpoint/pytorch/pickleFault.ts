/** What is wrong with a pickle, as the end of a sentence; whoever knows the file turns it into a CheckpointError. */
export class PickleFault extends Error {}
