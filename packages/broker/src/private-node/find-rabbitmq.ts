import { constants } from 'node:fs';
import { access, readdir, readFile, realpath } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';

/** An installed RabbitMQ. */
export interface RabbitmqInstallation {
  /** The package's own `rabbitmq-server` script, not a wrapper that switches the user. */
  readonly serverScript: string;
  /** `3.10.8`, or null where the installation does not say. */
  readonly version: string | null;
  /** Erlang's port mapper, which a private node runs for itself. */
  readonly epmd: string;
  /** The folder of `erl`, to stand in the script's PATH. */
  readonly erlangBin: string;
}

/** Where the scripts lie that run as they are: Debian's and the RPM's, Homebrew's (two prefixes), the generic archive's. */
const SCRIPT_FOLDERS = [
  '/usr/lib/rabbitmq/bin',
  '/opt/homebrew/opt/rabbitmq/sbin',
  '/usr/local/opt/rabbitmq/sbin',
  '/opt/rabbitmq/sbin',
];

const ERLANG_FOLDERS = [
  '/usr/lib/erlang/bin',
  '/opt/homebrew/bin',
  '/usr/local/lib/erlang/bin',
  '/usr/local/bin',
  '/usr/bin',
];

/**
 * The installed RabbitMQ, or null when there is none with its Erlang. Where there are several,
 * `TILLCAST_RABBITMQ_BIN` names the folder that holds the `rabbitmq-server`, `erl` and `epmd` to take.
 * @throws `broker_missing` when that folder does not hold all three
 */
export async function findRabbitmq(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<RabbitmqInstallation | null> {
  const named = environment['TILLCAST_RABBITMQ_BIN'] ?? '';
  if (named !== '') return installationIn(named);
  const path = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const serverScript = await findServerScript(path);
  if (serverScript === null) return null;
  const erlang = [...path, ...ERLANG_FOLDERS];
  const erl = await firstExecutable(erlang.map((folder) => join(folder, 'erl')));
  if (erl === null) return null;
  const epmd = await firstExecutable([
    join(dirname(erl), 'epmd'),
    join(dirname(await realpath(erl)), 'epmd'),
    ...erlang.map((folder) => join(folder, 'epmd')),
  ]);
  if (epmd === null) return null;
  return { serverScript, version: await versionOf(serverScript), epmd, erlangBin: dirname(erl) };
}

async function installationIn(folder: string): Promise<RabbitmqInstallation> {
  const [serverScript, erl, epmd] = await Promise.all(
    ['rabbitmq-server', 'erl', 'epmd'].map((program) => firstExecutable([join(folder, program)])),
  );
  if (!serverScript || !erl || !epmd) {
    throw new TillcastError(
      'broker_missing',
      `TILLCAST_RABBITMQ_BIN names ${folder}, and that folder does not hold rabbitmq-server, erl and epmd.`,
    );
  }
  return { serverScript, version: await versionOf(serverScript), epmd, erlangBin: folder };
}

async function findServerScript(path: readonly string[]): Promise<string | null> {
  for (const folder of [...SCRIPT_FOLDERS, ...path]) {
    const script = await firstExecutable([join(folder, 'rabbitmq-server')]);
    if (script !== null && !(await isUserSwitchingWrapper(script))) return script;
  }
  return null;
}

/** Debian's `sbin/rabbitmq-server` is a link to `rabbitmq-script-wrapper`, which runs the script as the user `rabbitmq`. */
async function isUserSwitchingWrapper(script: string): Promise<boolean> {
  const target = await realpath(script);
  if (basename(target) === 'rabbitmq-script-wrapper') return true;
  const text = await readFile(target, 'utf8');
  return /\b(runuser|su rabbitmq|sudo -u)\b/.test(text);
}

/** Read from the folder's name (`rabbitmq_server-3.10.8`, Homebrew's `Cellar/rabbitmq/4.1.0`), or from the plugin `rabbit`'s. */
async function versionOf(serverScript: string): Promise<string | null> {
  const home = dirname(dirname(await realpath(serverScript)));
  const named = /(?:rabbitmq_server-|rabbitmq\/)(\d+\.\d+\.\d+)/.exec(home)?.[1];
  if (named !== undefined) return named;
  let plugins: string[];
  try {
    plugins = await readdir(join(home, 'plugins'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return (
    plugins
      .map((plugin) => /^rabbit-(\d+\.\d+\.\d+)/.exec(plugin)?.[1])
      .find((version) => version !== undefined) ?? null
  );
}

async function firstExecutable(candidates: readonly string[]): Promise<string | null> {
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
  return null;
}
