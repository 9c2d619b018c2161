import type { FlagSpec } from '../command.ts';
import type { CliContext } from '../context.ts';
import type { Given } from './given.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Which till on this machine is meant. */
export const DATA_DIR_FLAG: FlagSpec = {
  flags: '--data-dir <path>',
  description: 'The till’s folder',
  fallback: 'TILLCAST_DATA_DIR, else .tillcast/terminal',
};

/** The environment of the till that is meant. */
export function tillEnvironment(given: Given, context: CliContext): Environment {
  const dataDir = given.text('dataDir');
  return { ...context.env, ...(dataDir === undefined ? {} : { TILLCAST_DATA_DIR: dataDir }) };
}
