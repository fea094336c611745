import { Argument, type Command } from 'commander';
import { makeConsole } from '../console.ts';
import { bashScript } from './bash.ts';
import { type CommandPlace, describeProgram } from './describeProgram.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS: Record<string, (places: readonly CommandPlace[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Adds `rfclip completion`. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands, flags and their values in a shell')
    .addArgument(new Argument('<shell>', Object.keys(SCRIPTS).join(', ')).choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      '\nFor every new shell:\n' +
        "  bash  echo 'source <(rfclip completion bash)' >> ~/.bashrc\n" +
        "  zsh   echo 'source <(rfclip completion zsh)' >> ~/.zshrc, after compinit\n" +
        '  fish  rfclip completion fish > ~/.config/fish/completions/rfclip.fish',
    )
    .action((shell: string) => {
      makeConsole({ json: false }).result(SCRIPTS[shell](describeProgram(program)).trimEnd());
    });
}
