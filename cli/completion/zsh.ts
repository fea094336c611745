import type { Candidates, CommandPlace } from './describeProgram.ts';

/** A script for zsh, to be sourced or put into a folder of `fpath` as `_rfclip`. */
export function zshScript(places: readonly CommandPlace[]): string {
  const steps = places.flatMap(({ path, commands }) => commands.map(({ name }) => `${path}/${name}`));
  const values = places.flatMap(({ path, flags }) =>
    flags.flatMap(({ names, value }) =>
      value === undefined ? [] : [{ keys: names.map((name) => `${path} ${name}`), value }],
    ),
  );
  return `#compdef rfclip
# Completion of rfclip for zsh. For this shell: source <(rfclip completion zsh)
_rfclip() {
  local at= word before=\${words[CURRENT-1]}
  local -a offered
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
${steps.map((step) => `      (${quoted(step)}) at=${quoted(step)} ;;`).join('\n')}
    esac
  done
  if [[ $PREFIX == --*=* ]]; then
    before=\${PREFIX%%=*}
    compset -P '*='
  fi
  case "$at $before" in
${values.map(({ keys, value }) => `    (${keys.map(quoted).join('|')}) ${offer(value)}; return ;;`).join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then
    case "$at" in
${places.map(({ path, flags }) => `      (${quoted(path)}) offered=(${described(flags)}) ;;`).join('\n')}
    esac
    _describe -o flag offered
    return
  fi
  case "$at" in
${places.map((place) => `    (${quoted(place.path)}) ${words(place)} ;;`).join('\n')}
  esac
}
if [[ $funcstack[1] == _rfclip ]]; then _rfclip "$@"; else compdef _rfclip rfclip; fi
`;
}

function words({ commands, arguments: candidates }: CommandPlace): string {
  if (commands.length === 0) return offer(candidates);
  const entries = commands.map(({ name, description }) => ({ names: [name], description }));
  return `offered=(${described(entries)}); _describe command offered`;
}

function offer({ words, files }: Candidates): string {
  const commands = [
    ...(words.length > 0 ? [`compadd -- ${words.map(quoted).join(' ')}`] : []),
    ...(files ? ['_files'] : []),
  ];
  return commands.length === 0 ? ':' : commands.join('; ');
}

/** `'name:description' ...`, as _describe takes them. */
function described(entries: readonly { names: readonly string[]; description: string }[]): string {
  return entries
    .flatMap(({ names, description }) =>
      names.map((name) => quoted(`${name.replaceAll(':', '\\:')}:${description.replaceAll('\n', ' ')}`)),
    )
    .join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
