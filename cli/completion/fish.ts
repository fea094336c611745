import type { Candidates, CommandPlace, FlagPlace } from './describeProgram.ts';

/** A script for fish, to be sourced or put into `completions/rfclip.fish`. */
export function fishScript(places: readonly CommandPlace[]): string {
  const steps = places.flatMap(({ path, commands }) => commands.map(({ name }) => `${path}/${name}`));
  return `# Completion of rfclip for fish. For this shell: rfclip completion fish | source
function __rfclip_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch $at/$word
${steps.map((step) => `      case ${quoted(step)}\n        set at ${quoted(step)}`).join('\n')}
    end
  end
  test "$at" = "$argv[1]"
end
${places.flatMap(lines).join('\n')}
`;
}

function lines(place: CommandPlace): string[] {
  const begin = `complete -c rfclip -n ${quoted(`__rfclip_at ${quoted(place.path)}`)}`;
  const { words, files } = place.arguments;
  return [
    ...place.commands.map(({ name, description }) => `${begin} -f -a ${quoted(name)} -d ${quoted(description)}`),
    ...(words.length > 0 || !files ? [`${begin}${files ? '' : ' -f'} -a ${quoted(words.join(' '))}`] : []),
    ...place.flags.map((flag) => `${begin} ${flagLine(flag)}`),
  ];
}

function flagLine({ names, description, value }: FlagPlace): string {
  const spelled = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [...spelled, ...(value === undefined ? [] : [takes(value)]), `-d ${quoted(description)}`].join(' ');
}

function takes({ words, files }: Candidates): string {
  return `${files ? '-r' : '-x'}${words.length > 0 ? ` -a ${quoted(words.join(' '))}` : ''}${files ? ' -F' : ''}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
