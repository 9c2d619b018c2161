import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { findDataDir } from '../api/locate.ts';
import type { CliContext } from '../context.ts';
import { usageError } from '../input/parse.ts';
import { readRunning } from '../up/running-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What of a deployment this machine has, and with which variables. */
export interface Place {
  readonly env: Environment;
  /** The backend's folder; null: no backend's machine. */
  readonly backendDir: string | null;
  /** The till's folder; null: no till's machine. */
  readonly tillDir: string | null;
  /** The address of the demo that runs from here. */
  readonly demoUrl: string | null;
}

/** Only a backend has these. */
const BACKEND_VARIABLES = [
  'DATABASE_URL',
  'DATABASE_URL_FILE',
  'TILLCAST_SECRET_KEY',
  'TILLCAST_SECRET_KEY_FILE',
  'RABBITMQ_MANAGEMENT_URL',
  'RABBITMQ_MANAGEMENT_URL_FILE',
  'TLS_CERT_FILE',
  'VALID_LICENSE_KEY',
];
const BACKEND_FILES = ['secret-key', 'admin-api-key', 'database'];

/** Only a till has these. */
const TILL_VARIABLES = ['SYNC_API_URL', 'LICENSE_KEY', 'LICENSE_KEY_FILE'];
const TILL_FILES = ['identity.json', 'activation.json', 'catalog.sqlite', 'sales.sqlite'];

/**
 * What this machine is: told by its variables, and by what lies in the data directory.
 * @param given the environment file, and the till's folder, where they were named
 */
export async function findPlace(
  context: CliContext,
  given: { readonly envFile: string | undefined; readonly dataDir: string | undefined },
): Promise<Place> {
  const env = { ...context.env, ...(given.envFile === undefined ? {} : variablesOf(given.envFile, context)) };
  const has = (names: readonly string[]): boolean => names.some((name) => (env[name] ?? '').trim() !== '');
  const dataDir = await findDataDir({ ...context, env });
  const named = given.dataDir ?? env['TILLCAST_DATA_DIR'];
  const tillDir = resolve(context.cwd, named ?? join('.tillcast', 'terminal'));
  const isBackend = has(BACKEND_VARIABLES) || holds(dataDir, BACKEND_FILES);
  // One file of variables may serve a whole deployment: beside a backend's only a till's files tell of a till.
  const isNamed = given.dataDir !== undefined || (has(TILL_VARIABLES) && !isBackend);
  const isTill = isNamed || holds(tillDir, TILL_FILES);
  return {
    env,
    backendDir: isBackend ? dataDir : null,
    tillDir: isTill ? tillDir : null,
    demoUrl: (await readRunning(dataDir))?.backend ?? null,
  };
}

function holds(folder: string, names: readonly string[]): boolean {
  return names.some((name) => existsSync(join(folder, name)));
}

function variablesOf(path: string, { cwd }: CliContext): Environment {
  try {
    return parseEnv(readFileSync(resolve(cwd, path), 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw usageError(`--env-file names ${path}, which cannot be read: ${why}`, cause);
  }
}
