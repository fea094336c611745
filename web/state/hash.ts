import { chipsOf, type Choices, FIRST_CHOICES } from './choices.ts';

const NUMBERS = {
  threshold: { least: 0, most: 1, isWhole: false },
  window: { least: 0, most: 65536, isWhole: true },
  side: { least: 16, most: 2048, isWhole: true },
  opacity: { least: 0, most: 1, isWhole: false },
} as const;

/** Choices as the part of an address behind `#`; what nobody changed is left out. */
export function hashOf(choices: Choices): string {
  const parts = new URLSearchParams();
  if (choices.classes.length > 0)
    parts.set('classes', choices.classes.map((chip) => chip.replaceAll('; ', ';')).join(','));
  if (choices.example !== undefined) parts.set('example', choices.example);
  if (choices.method !== FIRST_CHOICES.method) parts.set('method', choices.method);
  if (choices.planted) parts.set('weights', 'planted');
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[])
    if (choices[name] !== FIRST_CHOICES[name]) parts.set(name, String(choices[name]));
  // Addresses are read by people.
  return parts.toString().replaceAll('%2C', ',').replaceAll('%3B', ';');
}

/**
 * Choices of the part of an address behind `#`; what is missing, unknown or out of range is as nobody chose it.
 * @param known methods and examples that there are
 */
export function choicesOf(hash: string, known: { methods: readonly string[]; examples: readonly string[] }): Choices {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const choices: Choices = { ...FIRST_CHOICES, classes: chipsOf(parts.get('classes') ?? '', []) };
  const [method, example] = [parts.get('method'), parts.get('example')];
  if (method !== null && known.methods.includes(method)) choices.method = method;
  if (example !== null && known.examples.includes(example)) choices.example = example;
  choices.planted = parts.get('weights') === 'planted';
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    const { least, most, isWhole } = NUMBERS[name];
    const value = Number(parts.get(name) ?? NaN);
    if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) choices[name] = value;
  }
  return choices;
}
