import { findMethod, type Method, type MethodName, METHODS } from '../rfclip/methods/index.ts';
import type { MethodModule } from '../rfclip/methods/methodModule.ts';

/** What somebody wants evaluated: a method by name, all of them, or one of their own. */
export type MethodChoice = MethodName | 'all' | MethodModule;

/** What a result says of the module that a method comes from. */
export interface ModuleIdentity {
  name: string;
  /** As it was given. */
  path: string;
  sha256: string;
}

/** The module of a choice, where it is one. */
export function moduleOf(choice: MethodChoice | undefined): ModuleIdentity | undefined {
  if (typeof choice !== 'object') return undefined;
  const { method, path, sha256 } = choice;
  return { name: method.name, path, sha256 };
}

/** The methods of a choice, in the order of tables. @throws RfclipError for a name that is none */
export function chosenMethods(choice: MethodChoice): readonly Method[] {
  if (choice === 'all') return METHODS;
  return [typeof choice === 'string' ? findMethod(choice) : choice.method];
}
