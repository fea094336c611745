import { describe, expect, it } from 'vitest';
import { makeProgram } from '../../cli/program.ts';
import { LONE_COMMANDS, programFor } from '../../cli/programFor.ts';
import { describeProgram } from '../../cli/completion/describeProgram.ts';

const whole = makeProgram();

describe('a command that is loaded alone', () => {
  it('can be any but completion, which describes all', () => {
    const names = whole.commands.map((command) => command.name());
    expect([...LONE_COMMANDS, 'completion'].sort()).toEqual(names.sort());
  });

  it.each(LONE_COMMANDS)('%s is what it is among all others', async (name) => {
    const program = await programFor(['--quiet', name, 'argument', '--flag']);
    expect(program.commands.map((command) => command.name())).toEqual([name]);
    const ofCommand = ({ path }: { path: string }) => path.split('/')[1] === name;
    expect(describeProgram(program).filter(ofCommand)).toEqual(describeProgram(whole).filter(ofCommand));
    const help = whole.commands.find((command) => command.name() === name)!.helpInformation();
    expect(program.commands[0].helpInformation()).toBe(help);
    expect(program.options).toEqual(whole.options);
  });
});

it.each([[[]], [['--help']], [['nonsense']], [['']], [['help', 'segment']], [['completion', 'bash']], [['toString']]])(
  'all commands are loaded for %j',
  async (words) => {
    const program = await programFor(words);
    expect(program.commands.map((command) => command.name())).toEqual(whole.commands.map((command) => command.name()));
  },
);
