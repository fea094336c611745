import type { CommandPlace, FlagPlace } from './describeProgram.ts';

/** A script for bash 3.2 and newer. Where it has no word to offer, bash completes the names of files. */
export function bashScript(places: readonly CommandPlace[]): string {
  const steps = places.flatMap(({ path, commands }) => commands.map(({ name }) => `${path}/${name}`));
  const values = places.flatMap(({ path, flags }) =>
    flags.flatMap(({ names, value }) => (value === undefined ? [] : [valueCase(path, names, value.words)])),
  );
  const offered = places.map(({ path, commands, arguments: { words } }) =>
    wordCase(path, [...commands.map(({ name }) => name), ...words]),
  );
  return `# Completion of rfclip for bash. For this shell: source <(rfclip completion bash)
_rfclip() {
  local IFS=$' \\t\\n' at= word words= i
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  # bash takes --flag=value apart.
  if [[ $current == = ]]; then
    current=
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $at/$word in
${steps.map((step) => `      ${quoted(step)}) at=${quoted(step)} ;;`).join('\n')}
    esac
  done
  case "$at $before" in
${values.join('\n')}
    *)
      if [[ $current == -* ]]; then
        case $at in
${places.map(({ path, flags }) => wordCase(path, namesOf(flags))).join('\n')}
        esac
      else
        case $at in
${offered.join('\n')}
        esac
      fi
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _rfclip rfclip
`;
}

function namesOf(flags: readonly FlagPlace[]): string[] {
  return flags.flatMap(({ names }) => names);
}

function valueCase(path: string, flags: readonly string[], words: readonly string[]): string {
  const before = flags.map((name) => quoted(`${path} ${name}`)).join(' | ');
  return `    ${before}) words=${quoted(words.join(' '))} ;;`;
}

function wordCase(path: string, words: readonly string[]): string {
  return `          ${quoted(path)}) words=${quoted(words.join(' '))} ;;`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
