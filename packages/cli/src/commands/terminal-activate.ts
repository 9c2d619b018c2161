import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { TERMINAL_NAME_MAX_LENGTH, terminalNameSchema } from '@tillcast/protocol/http/identity-api';
import { parseActivationCode } from '@tillcast/protocol/identity/activation-code';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { TillIdentity } from '@tillcast/terminal';
import { DEFAULT_URL } from '../api/locate.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { usageError } from '../input/parse.ts';
import { readSecretLine } from '../input/standard-input.ts';
import { DATA_DIR_FLAG, tillEnvironment } from '../input/till-environment.ts';
import { besideDemo } from '../up/beside-demo.ts';

interface Wanted {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly licenseKey: LicenseKey;
  readonly name: string;
  readonly backend: string | undefined;
}

export const terminalActivate: CliCommand = defineCommand<Wanted, TillIdentity>({
  description:
    'Make this machine’s till a terminal of a license, once, with the license’s activation code. The code is asked for without being shown, or read from standard input (one line), from TILLCAST_ACTIVATION_CODE or from the file that TILLCAST_ACTIVATION_CODE_FILE names; it is never an argument, which others on this machine could read. The till makes its own key pair: the private key stays here, in the operating system’s keyring or, where there is none, in a sealed file (TILLCAST_KEY_STORE: auto, keyring or file; TILLCAST_KEY_PASSPHRASE_FILE seals the file with a passphrase).',
  examples: [
    'tillcast terminal activate --license EXTRO-LIFE-ABC123 --name "Counter 2"',
    'tillcast terminal activate --license EXTRO-LIFE-ABC123 --backend https://tills.example.com < code.txt',
  ],
  flags: [
    { flags: '--license <key>', description: 'The license that it sells for', fallback: 'LICENSE_KEY' },
    {
      flags: '--name <text>',
      description: 'What people call it',
      fallback: 'TERMINAL_NAME, else this machine’s name',
    },
    {
      flags: '--backend <url>',
      description: 'The backend’s address',
      fallback: 'SYNC_API_URL, else the demo that runs here',
    },
    DATA_DIR_FLAG,
  ],
  local: true,
  validate: (given, context) => {
    const environment = tillEnvironment(given, context);
    const license = given.text('license') ?? environment['LICENSE_KEY'];
    if (license === undefined || license === '') {
      throw usageError('--license <key> is needed. See `tillcast help terminal activate`.');
    }
    return {
      environment,
      licenseKey: parseLicenseKey(license),
      name: parseName(given.text('name') ?? environment['TERMINAL_NAME'] ?? hostname()),
      backend: given.text('backend') ?? context.url,
    };
  },
  run: async ({ environment, licenseKey, name, backend }, context) => {
    const beside = await besideDemo(environment, context);
    const { activateThisTill, parseTerminalConfig } = await import('@tillcast/terminal');
    const config = parseTerminalConfig({
      ...environment,
      SYNC_API_URL: backend ?? beside['SYNC_API_URL'] ?? DEFAULT_URL,
    });
    const backendUrl = config.syncApiUrl ?? DEFAULT_URL;
    const activationCode = await readCode(context);
    return activateThisTill(config, { licenseKey, name, backendUrl, activationCode });
  },
  print: ({ name, terminal_id, license_key, key }, { err, errStyles }) => {
    err.write(
      `${errStyles.ok('activated')}  "${name}" is terminal ${terminal_id} of ${license_key}; its key is in ${placeText(key.store)}.\nStart it with \`tillcast terminal\`.\n`,
    );
  },
  json: ({ terminal_id, license_key, name, backend_url, activated_at, key }) => {
    return { terminal_id, license_key, name, backend_url, activated_at, key_store: key.store };
  },
});

/** Where a key is, in words. */
export function placeText(store: TillIdentity['key']['store']): string {
  return store === 'keyring' ? 'the operating system’s keyring' : 'a sealed file of its folder';
}

async function readCode(context: CliContext): Promise<string> {
  const text = await givenCode(context);
  const code = parseActivationCode(text.trim());
  if (code !== null) return code;
  // Not repeated: it may be another secret, or nearly this one.
  throw usageError(
    'That is not an activation code: it has six groups of letters and digits, such as 4T3ZK-….',
  );
}

async function givenCode(context: CliContext): Promise<string> {
  const { env } = context;
  const given = env['TILLCAST_ACTIVATION_CODE'] ?? '';
  const file = env['TILLCAST_ACTIVATION_CODE_FILE'] ?? '';
  if (given !== '' && file !== '') {
    throw usageError(
      'TILLCAST_ACTIVATION_CODE is set, and so is TILLCAST_ACTIVATION_CODE_FILE; keep one of the two.',
    );
  }
  if (given !== '') return given;
  if (file === '') return readSecretLine('Activation code (not shown): ', context.err);
  try {
    return await readFile(resolve(context.cwd, file), 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(`TILLCAST_ACTIVATION_CODE_FILE names a file that cannot be read: ${why}`, error);
  }
}

function parseName(text: string): string {
  const name = terminalNameSchema.safeParse(text).data;
  if (name !== undefined) return name;
  throw usageError(
    `--name must have 1 to ${TERMINAL_NAME_MAX_LENGTH} characters, and no control characters among them.`,
  );
}
