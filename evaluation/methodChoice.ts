import { findMethod, type Method, type MethodName, METHODS } from '../rfclip/methods/index.ts';
import type { MethodModule } from '../rfclip/methods/methodModule.ts';

/** What somebody wants evaluated: a method by name, all of them, or one of their own. */
export type MethodChoice = MethodName | 'all' | MethodModule;

/** The methods of a choice, in the order of tables. @throws RfclipError for a name that is none */
export function chosenMethods(choice: MethodChoice): readonly Method[] {
  if (choice === 'all') return METHODS;
  return [typeof choice === 'string' ? findMethod(choice) : choice.method];
}
