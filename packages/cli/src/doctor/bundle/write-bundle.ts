import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { cpus, platform, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createFetch } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { CliContext } from '../../context.ts';
import { usageError } from '../../input/parse.ts';
import { VERSION } from '../../version.ts';
import type { Examination } from '../examine.ts';
import { apiAddress } from '../facts/ask-api.ts';
import type { Facts } from '../facts/facts.ts';
import type { Place } from '../place.ts';
import { createRedactor } from './redact.ts';
import { type TarEntry, tarOf } from './tar.ts';

const METRICS_TIMEOUT_MS = 5_000;
/** Variables of the machine that say something about us; all others are left out. */
const TELLING =
  /^(?:TILLCAST_|RABBITMQ_|AMQP_|SYNC_API_|TLS_|DATABASE_URL|LICENSE_KEY|VALID_LICENSE_KEY|TERMINAL_NAME|NODE_|HOST$|PORT$|LOG_LEVEL$|PG)/;
/** Secrets that lie in a data directory: whatever of them turned up elsewhere is taken out. */
const SECRET_FILES = ['secret-key', 'admin-api-key'];

/**
 * Writes what support needs to see: the examination, the facts, the variables, versions and the backend's metrics,
 * without secrets. The file is readable by its owner alone, and replaces none.
 * @throws TillcastError `usage` where it is there already or cannot be made
 */
export async function writeBundle(
  path: string,
  told: { readonly examination: Examination; readonly facts: Facts },
  place: Place,
  context: CliContext,
): Promise<void> {
  const redactor = createRedactor(place.env, secretsIn(place));
  const shown = Object.entries(redactor.environment()).filter(([name]) => TELLING.test(name));
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const metrics = await metricsOf(place, context);
  const entries: readonly TarEntry[] = [
    { name: 'examination.json', content: json(told.examination) },
    { name: 'facts.json', content: json(told.facts) },
    {
      name: 'environment.json',
      content: json(Object.fromEntries(shown.toSorted(([a], [b]) => a.localeCompare(b)))),
    },
    { name: 'versions.json', content: json(versions()) },
    { name: 'metrics.txt', content: metrics },
  ];
  const safe = entries.map(({ name, content }) => ({
    name: `tillcast-doctor/${name}`,
    content: redactor.text(content),
  }));
  await writeNew(resolve(context.cwd, path), gzipSync(tarOf(safe, told.facts.at)));
}

async function writeNew(path: string, bytes: Buffer): Promise<void> {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(bytes);
    await file.sync();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw usageError(`The archive cannot be written: ${why}. Give --bundle a path where nothing is.`, cause);
  }
}

function versions(): object {
  const { node, v8, openssl } = process.versions;
  return {
    tillcast: VERSION,
    node,
    v8,
    openssl,
    system: `${platform()} ${release()}`,
    processors: cpus().length,
    memoryBytes: totalmem(),
  };
}

async function metricsOf(place: Place, context: CliContext): Promise<string> {
  const { url, caPem } = apiAddress(place, context);
  try {
    const answer = await createFetch(caPem)(`${url}/metrics`, {
      signal: AbortSignal.timeout(METRICS_TIMEOUT_MS),
    });
    return await answer.text();
  } catch (error) {
    if (error instanceof TillcastError || error instanceof Error) return `not told: ${error.message}\n`;
    throw error;
  }
}

function secretsIn({ backendDir }: Place): readonly string[] {
  if (backendDir === null) return [];
  return SECRET_FILES.flatMap((name) => {
    try {
      return [readFileSync(join(backendDir, name), 'utf8').trim()];
    } catch (error) {
      if (error instanceof Error && 'code' in error) return [];
      throw error;
    }
  });
}
