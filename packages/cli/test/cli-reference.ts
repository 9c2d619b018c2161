import { COMMANDS } from '../src/registry.ts';

/** `docs/cli.md`, made from the definitions of the commands. */
export async function cliReference(): Promise<string> {
  const sections: string[] = [];
  for (const { path, load } of COMMANDS) {
    const command = await load();
    const words = ['tillcast', ...path, ...command.arguments.map(({ name }) => `<${name}>`)].join(' ');
    const rows = [
      ...command.arguments.map(({ name, description, choices }) => row(`<${name}>`, description, choices)),
      ...command.flags.map(({ flags, description, required, fallback, choices }) => {
        const default_ = fallback === undefined ? '' : ` Default: ${fallback}.`;
        return row(flags, `${required === true ? 'Required. ' : ''}${description}.${default_}`, choices);
      }),
    ];
    const table = rows.length === 0 ? '' : `\n| | |\n|---|---|\n${rows.join('\n')}\n`;
    sections.push(
      `## ${words}\n\n${command.description}\n\n\`\`\`sh\n${command.examples.join('\n')}\n\`\`\`\n${table}`,
    );
  }
  const contents = COMMANDS.map(({ path, summary }) => `| \`${path.join(' ')}\` | ${summary} |`).join('\n');
  return `${HEAD}\n| command | |\n|---|---|\n${contents}\n\n${sections.join('\n')}`;
}

function row(term: string, description: string, choices: readonly string[] | undefined): string {
  const among = choices === undefined ? '' : ` One of ${choices.join(', ')}.`;
  const cell = `${description.replace(/\.$/, '')}.${among}`.replaceAll('|', '\\|');
  return `| \`${term.replaceAll('|', '\\|')}\` | ${cell} |`;
}

const HEAD = `<!-- Made from the commands' definitions; \`npx vitest run packages/cli/test/reference.test.ts -u\` makes it anew. -->

# The \`tillcast\` command

Data goes to stdout, messages, progress and errors to stderr. Every command takes \`--json\` (data as JSON) and
\`--help\`, and those that talk to a backend \`--url\`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | failure |
| 2 | usage: it was asked for wrongly, or the input is not valid |
| 3 | not found |
| 4 | auth: a key is missing or not valid |
| 5 | conflict: it exists already, or somebody else uses it |
| 6 | unavailable: backend, broker or database cannot be reached now |

| variable | means |
|---|---|
| \`TILLCAST_URL\` | the backend's address; without it the demo that runs from the nearest \`.tillcast\`, else \`http://localhost:8080\` |
| \`TILLCAST_API_KEY\`, \`TILLCAST_API_KEY_FILE\` | the key to the admin API; without it \`.tillcast/admin-api-key\`, here or in a folder above |
| \`TILLCAST_CA_FILE\` | the certificate authorities to trust for an https address (PEM); without it the system's |
| \`TILLCAST_PLAINTEXT\` | \`allowed\`: an http address of another machine is taken, where something else encrypts it |
| \`TILLCAST_DATA_DIR\` | another folder than \`.tillcast\` |
| \`NO_COLOR\`, \`FORCE_COLOR\` | no colors, or colors even without a terminal |
| \`LOG_LEVEL\` | \`debug\` shows the stack of an error |
`;
