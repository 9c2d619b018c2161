import { findDataDir } from '../api/locate.ts';
import type { CliContext } from '../context.ts';
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
  const namesBroker = BROKER_VARIABLES.some((name) => (environment[name] ?? '') !== '');
  return {
    SYNC_API_URL: demo.backend,
    ...(namesBroker ? {} : demo.broker),
    ...environment,
  };
}
