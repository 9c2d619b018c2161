import { Argument, Command, Option } from 'commander';
import type { CliCommand, FlagSpec } from './command.ts';
import type { CliContext } from './context.ts';
import { Given } from './input/given.ts';
import { usageError } from './input/parse.ts';
import { COMMANDS, type CommandEntry, GROUPS } from './registry.ts';

/** What the program does with a command that was understood. */
export type Execute = (command: CliCommand, given: Given, globals: GlobalFlags) => Promise<void>;

export interface GlobalFlags {
  readonly json: boolean;
  readonly url: string | undefined;
}

/**
 * The commander program. Only commands all of whose words stand in `words` are loaded; the others are there
 * by name and summary, which is all that help and typo suggestions need.
 */
export async function buildProgram(
  words: readonly string[],
  version: string,
  execute: Execute,
  context: Pick<CliContext, 'out' | 'err' | 'outStyles'>,
): Promise<Command> {
  const program = createRoot(version, context);
  const groups = new Map<string, Command>();
  for (const entry of COMMANDS) {
    const parent = entry.path.length === 1 ? program : groupOf(entry, program, groups);
    const name = entry.path.at(-1) ?? '';
    const command = parent.command(name).summary(entry.summary);
    if (entry.path.every((word) => words.includes(word))) {
      define(command, await entry.load(), execute);
    }
  }
  return program;
}

function createRoot(version: string, context: Pick<CliContext, 'out' | 'err' | 'outStyles'>): Command {
  const { out, err, outStyles } = context;
  return new Command('tillcast')
    .description('Keeps every till of a point-of-sale vendor right.')
    .version(version, '--version', 'Print the version')
    .helpOption('-h, --help', 'Show help')
    .helpCommand('help [command]', 'Show a command’s help')
    .configureHelp({ styleTitle: (title) => outStyles.bold(title), showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => out.write(text),
      // Help that was not asked for: a group without its second word.
      writeErr: (text) => err.write(text),
      // Errors are reported by the caller, once and in one form.
      outputError: () => undefined,
      getOutHelpWidth: () => out.columns,
    })
    .exitOverride()
    .showSuggestionAfterError(true)
    .addHelpText(
      'before',
      examplesText(
        [
          'npm start',
          'tillcast publish price --license EXTRO-LIFE-ABC123 --product 85123A --price 2.95',
          'tillcast broadcast system_notice --message "We close at six today"',
          'tillcast sync status',
        ],
        outStyles.bold,
      ),
    )
    .addHelpText('after', EXIT_CODES);
}

const EXIT_CODES = `
Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 auth, 5 conflict, 6 unavailable.
Environment: TILLCAST_URL, TILLCAST_API_KEY or TILLCAST_API_KEY_FILE, TILLCAST_CA_FILE, TILLCAST_PLAINTEXT, TILLCAST_DATA_DIR, NO_COLOR, LOG_LEVEL.`;

function groupOf(entry: CommandEntry, program: Command, groups: Map<string, Command>): Command {
  const name = entry.path[0] ?? '';
  const known = groups.get(name);
  if (known !== undefined) return known;
  // A command that is a group as well: what follows the second word belongs to the second word.
  const own = program.commands.find((command) => command.name() === name);
  if (own !== undefined) {
    groups.set(name, own.enablePositionalOptions());
    return own;
  }
  const group = program.command(name).description(GROUPS[name] ?? '');
  groups.set(name, group);
  return group;
}

function define(command: Command, loaded: CliCommand, execute: Execute): void {
  const { styleTitle } = command.configureHelp();
  command.description(loaded.description);
  for (const { name, description, choices } of loaded.arguments) {
    const argument = new Argument(`<${name}>`, description);
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  for (const flag of loaded.flags) {
    const option = new Option(flag.flags, describe(flag));
    if (flag.choices !== undefined) option.choices(flag.choices);
    if (flag.repeatable === true) {
      option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
    }
    command.addOption(option);
  }
  command.addOption(new Option('--json', 'Write data as JSON to stdout'));
  if (!loaded.local) command.addOption(new Option('--url <url>', 'The backend’s address'));
  command.addHelpText(
    'before',
    examplesText(loaded.examples, (title) => styleTitle?.(title) ?? title),
  );
  command.action(async (...parameters: unknown[]) => {
    const options: Readonly<Record<string, unknown>> = command.optsWithGlobals();
    const { json, url, ...flags } = options;
    requireFlags(loaded, command);
    const args = parameters.slice(0, loaded.arguments.length).map(String);
    await execute(loaded, new Given(args, flags), {
      json: json === true,
      url: typeof url === 'string' ? url : undefined,
    });
  });
}

/** Not left to commander, which would call a misspelt flag a missing one. */
function requireFlags(loaded: CliCommand, command: Command): void {
  const missing = loaded.flags.find(
    (flag) =>
      flag.required === true && command.getOptionValue(new Option(flag.flags).attributeName()) === undefined,
  );
  if (missing === undefined) return;
  const words = [command.parent?.name(), command.name()].filter((word) => word !== 'tillcast').join(' ');
  throw usageError(`${missing.flags} is needed. See \`tillcast help ${words}\`.`);
}

function describe({ description, fallback, required }: FlagSpec): string {
  if (required === true) return `${description} (required)`;
  return fallback === undefined ? description : `${description} (default: ${fallback})`;
}

function examplesText(examples: readonly string[], title: (text: string) => string): string {
  return `${title('Examples:')}\n${examples.map((example) => `  ${example}\n`).join('')}`;
}
