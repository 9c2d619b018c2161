import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isLoopbackHost, whyNoAuthorities } from '@tillcast/broker/transport';
import { TillcastError } from '@tillcast/protocol/errors';
import type { CliContext } from '../context.ts';
import { quoted, usageError } from '../input/parse.ts';
import { readRunning } from '../up/running-file.ts';

export const DEFAULT_URL = 'http://localhost:8080';
export const DATA_DIR_NAME = '.tillcast';
const KEY_FILE = 'admin-api-key';

/** Where the backend is, and the key to its admin API. */
export interface Backend {
  readonly url: string;
  readonly apiKey: string;
  /** The certificate authorities to trust for https, in PEM; null: the system's. */
  readonly caPem: string | null;
}

/**
 * The backend to talk to: `--url`, else `TILLCAST_URL`, else the demo that runs from the nearest `.tillcast`
 * folder, else localhost; the key from `TILLCAST_API_KEY`, its `_FILE`, or that folder.
 * @throws TillcastError `usage` for a malformed URL, `credentials_missing` when there is no key,
 *   `configuration_invalid` for an address that would carry the key in plain text, or a bad `TILLCAST_CA_FILE`
 */
export async function locateBackend(context: CliContext): Promise<Backend> {
  const dataDir = await findDataDir(context);
  const asked = context.url ?? nonEmpty(context.env['TILLCAST_URL']);
  const url = asked ?? (await readRunning(dataDir))?.backend ?? DEFAULT_URL;
  return {
    url: encrypted(checkedUrl(url), context),
    apiKey: await findApiKey(context, dataDir),
    caPem: await readAuthorities(context),
  };
}

/** The key goes along with every request: not in plain text to another machine, unless that is allowed. */
function encrypted(url: string, context: CliContext): string {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isLoopbackHost(hostname)) return url;
  if (context.env['TILLCAST_PLAINTEXT']?.trim() === 'allowed') {
    context.err.write(
      `${context.errStyles.warning(`The API key goes to ${hostname} in plain text; TILLCAST_PLAINTEXT allows it.`)}
`,
    );
    return url;
  }
  throw new TillcastError(
    'configuration_invalid',
    `${url} would carry the API key to ${hostname} in plain text: use its https:// address, or set TILLCAST_PLAINTEXT=allowed where something else encrypts it.`,
  );
}

async function readAuthorities(context: CliContext): Promise<string | null> {
  const file = nonEmpty(context.env['TILLCAST_CA_FILE']);
  if (file === undefined) return null;
  const pem = await readIfThere(resolve(context.cwd, file));
  const wrong = pem === null ? 'that is not there' : whyNoAuthorities(pem);
  if (pem !== null && wrong === null) return pem;
  throw new TillcastError('configuration_invalid', `TILLCAST_CA_FILE names ${file}, a file ${wrong ?? ''}.`);
}

/** `TILLCAST_DATA_DIR`, else the nearest `.tillcast` here or in a folder above, else where one would be made. */
export async function findDataDir(context: CliContext): Promise<string> {
  const given = nonEmpty(context.env['TILLCAST_DATA_DIR']);
  if (given !== undefined) return resolve(context.cwd, given);
  for (let folder = context.cwd; ; folder = dirname(folder)) {
    const candidate = join(folder, DATA_DIR_NAME);
    if ((await readIfThere(join(candidate, KEY_FILE))) !== null) return candidate;
    if (dirname(folder) === folder) return join(context.cwd, DATA_DIR_NAME);
  }
}

async function findApiKey(context: CliContext, dataDir: string): Promise<string> {
  const given = nonEmpty(context.env['TILLCAST_API_KEY']);
  if (given !== undefined) return checkedKey(given, 'TILLCAST_API_KEY');
  const file = nonEmpty(context.env['TILLCAST_API_KEY_FILE']);
  if (file !== undefined) {
    const text = await readIfThere(resolve(context.cwd, file));
    if (text !== null) return checkedKey(text.trim(), file);
    throw new TillcastError(
      'credentials_missing',
      `TILLCAST_API_KEY_FILE names ${file}, and there is no such file.`,
    );
  }
  const own = join(dataDir, KEY_FILE);
  const text = await readIfThere(own);
  if (text !== null) return checkedKey(text.trim(), own);
  throw new TillcastError(
    'credentials_missing',
    `There is no API key: set TILLCAST_API_KEY or TILLCAST_API_KEY_FILE, or run this where the backend made ${DATA_DIR_NAME}/${KEY_FILE} (looked from ${context.cwd} upwards).`,
  );
}

// It becomes a header: anything else than printable ASCII would be refused there with an obscure message.
function checkedKey(key: string, source: string): string {
  if (/^[\x21-\x7E]+$/.test(key)) return key;
  throw new TillcastError(
    'api_key_invalid',
    `The API key in ${source} is empty or has characters that no key has.`,
  );
}

function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw usageError(`${quoted(text)} is not the address of a backend: write it as http://host:port.`);
  }
  return url.href.replace(/\/+$/, '');
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return null;
    }
    throw error;
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}
