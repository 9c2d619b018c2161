import { hostname } from 'node:os';
import { TillcastError } from '@tillcast/protocol/errors';
import { findDataDir } from '../api/locate.ts';
import type { CliContext } from '../context.ts';
import { readActivationCodes } from './activation-codes.ts';
import { BROKER_VARIABLES } from './broker.ts';
import { readRunning } from './running-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A till's environment, with the backend and the broker of the demo that runs from the nearest `.tillcast`
 * folder where it names none of its own.
 */
export async function besideDemo(environment: Environment, context: CliContext): Promise<Environment> {
  const demo = await readRunning(await findDataDir(context));
  if (demo === null) return environment;
  return {
    SYNC_API_URL: demo.backend,
    ...(namesBroker(environment) ? {} : demo.broker),
    ...environment,
  };
}

/**
 * Activates a till that joins the demo, where it must be and is not yet: for one of the demo's own licenses
 * with the code that the demo keeps.
 * @param environment as {@link besideDemo} gave it
 * @throws TillcastError `terminal_not_activated` for a license whose code the demo does not have
 */
export async function activateBesideDemo(environment: Environment, context: CliContext): Promise<void> {
  const dataDir = await findDataDir(context);
  const demo = await readRunning(dataDir);
  if (demo?.activated !== true || namesBroker(environment)) return;
  const { activateThisTill, parseTerminalConfig, readIdentity } = await import('@tillcast/terminal');
  const config = parseTerminalConfig(environment);
  const { licenseKey, syncApiUrl, terminalName } = config;
  if (syncApiUrl !== demo.backend || licenseKey === null || readIdentity(config.dataDir) !== null) return;
  const activationCode = (await readActivationCodes(dataDir))[licenseKey];
  if (activationCode === undefined) {
    throw new TillcastError(
      'terminal_not_activated',
      `This till is not activated for ${licenseKey}: run \`tillcast terminal activate --license ${licenseKey}\` first, with the code that \`tillcast license create\` showed (\`tillcast license renew-code\` makes another one).`,
    );
  }
  const name = terminalName ?? hostname();
  await activateThisTill(config, { licenseKey, name, backendUrl: syncApiUrl, activationCode });
}

function namesBroker(environment: Environment): boolean {
  return BROKER_VARIABLES.some((name) => (environment[name] ?? '') !== '');
}
