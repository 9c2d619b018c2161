import { CommanderError } from 'commander';
import type { CliContext, Output } from './context.ts';
import { reportError } from './exit.ts';
import { usageError } from './input/parse.ts';
import { createStyles, wantsColor } from './output/styles.ts';
import { buildProgram } from './program.ts';
import { VERSION } from './version.ts';

/** What a run needs of the process. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly out: Output;
  readonly err: Output;
}

/**
 * Runs one invocation.
 * @param argv the words after the program's name
 * @returns the exit code; never rejects
 */
export async function runCli(argv: readonly string[], host: Host): Promise<number> {
  const base: CliContext = {
    ...host,
    outStyles: createStyles(wantsColor(host.env, host.out.isTTY)),
    errStyles: createStyles(wantsColor(host.env, host.err.isTTY)),
    json: argv.includes('--json'),
    url: undefined,
  };
  let exitCode = 0;
  try {
    const program = await buildProgram(
      argv,
      VERSION,
      async (command, given, globals) => {
        exitCode = await command.execute(given, { ...base, ...globals });
      },
      base,
    );
    if (argv.length === 0) {
      base.err.write(program.helpInformation());
      return 2;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error, argv, base);
    return reportError(error, base);
  }
}

/** Commander ends by throwing, for help and version too. */
function endOfParsing(error: CommanderError, argv: readonly string[], context: CliContext): number {
  if (error.exitCode === 0) return 0;
  const words = argv.filter((word) => !word.startsWith('-'));
  const help = `See \`tillcast ${['help', ...words.slice(0, 2)].join(' ')}\`.`;
  // A group without its second word: its help has been shown.
  if (error.code === 'commander.help') return 2;
  // What was one word too many may be a secret that was typed in the wrong place.
  const shown = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const said = error.code === 'commander.excessArguments' ? shown.replace(/: .*$/, '.') : shown;
  const text = `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
  const hint = error.code === 'commander.unknownCommand' ? 'See `tillcast --help`.' : help;
  return reportError(usageError(`${/[.?)]$/.test(text) ? text : `${text}.`} ${hint}`, error), context);
}
