import { CheckpointError, type CheckpointFile, type ClipActivation } from './checkpointFile.ts';

/** An activation and the sentence that says why it was chosen. */
export interface ChosenActivation {
  activation: ClipActivation;
  reason: string;
  /** Nothing in or beside the file says it, nor does the user. */
  assumed?: true;
}

/** Narrower image towers than ViT-H/14 were published by OpenAI too. */
const WIDER_THAN_OPENAI = 1280;

/**
 * Which GELU the MLPs of a checkpoint were trained with. OpenAI's weights need x sigmoid(1.702 x); most of open_clip's
 * need the exact one, under the same tensor names and shapes, so the shapes alone cannot tell.
 * @param override what the user says; it always wins.
 * @returns the activation and the reason, strongest evidence first: the file's own metadata, the configuration beside
 *   it, the module classes of a TorchScript archive, OpenAI's integer entries, the naming, the size; else OpenAI's.
 * @throws CheckpointError for metadata that names another activation.
 */
export function chooseActivation(file: CheckpointFile, override?: ClipActivation): ChosenActivation {
  if (override !== undefined) return { activation: override, reason: 'asked for' };
  const { activation } = file.metadata;
  if (activation !== undefined) {
    if (activation !== 'quickGelu' && activation !== 'gelu')
      throw new CheckpointError(
        `checkpoint ${file.path} has metadata activation ${activation}, expected quickGelu or gelu`,
        file.path,
      );
    return { activation, reason: "the file's metadata says so" };
  }
  if (file.modelConfig?.activation !== undefined)
    return { activation: file.modelConfig.activation, reason: `${file.modelConfig.path} says so` };
  if (file.moduleClasses?.has('QuickGELU') === true)
    return { activation: 'quickGelu', reason: 'its modules are of class QuickGELU' };
  if (file.moduleClasses?.has('GELU') === true) return { activation: 'gelu', reason: 'its modules are of class GELU' };
  if (file.tensors.has('input_resolution') && file.tensors.has('vocab_size'))
    return { activation: 'quickGelu', reason: "it has the entries of OpenAI's releases" };
  if (file.naming === 'Hugging Face')
    return {
      activation: 'quickGelu',
      assumed: true,
      reason: "the default of Hugging Face's CLIPModel, as there is no config.json beside the file",
    };
  if (file.naming === 'open_clip with text prefix')
    return {
      activation: 'gelu',
      assumed: true,
      reason: "open_clip's default, as there is no open_clip_config.json beside the file",
    };
  if ((file.tensors.get('visual.class_embedding')?.shape[0] ?? 0) >= WIDER_THAN_OPENAI)
    return {
      activation: 'gelu',
      assumed: true,
      reason: "open_clip's default; OpenAI published no model of this width",
    };
  return {
    activation: 'quickGelu',
    assumed: true,
    reason: "OpenAI's; nothing in or beside the file says otherwise",
  };
}
