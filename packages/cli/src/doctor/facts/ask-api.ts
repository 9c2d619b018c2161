import { resolve } from 'node:path';
import { certificateFault, createFetch, EnvironmentReader, readCaFile } from '@tillcast/broker';
import { PROBLEM_MEDIA_TYPE, problemSchema } from '@tillcast/protocol/http/problem';
import { readIdentity } from '@tillcast/terminal';
import { DEFAULT_URL } from '../../api/locate.ts';
import type { CliContext } from '../../context.ts';
import type { Place } from '../place.ts';
import type { ApiAnswer, ApiFacts } from './facts.ts';

/** Where the API is, as this machine knows it, and whom it trusts to be it. */
export interface ApiAddress {
  readonly url: string;
  readonly caPem: string | null;
  readonly caVariable: string;
}

const PATIENCE_MS = 8_000;

/**
 * `--url`, `TILLCAST_URL`, the demo that runs from here, what the till knows, where this backend listens, localhost. A
 * backend is not told who signed its own certificate: mostly it is who signed the broker's.
 */
export function apiAddress(place: Place, context: CliContext): ApiAddress {
  const { env, tillDir, backendDir, demoUrl } = place;
  const reader = new EnvironmentReader({ ...env, ...absoluteCa(env, context) });
  const asked = context.url ?? reader.text('TILLCAST_URL') ?? demoUrl;
  const tills = reader.text('SYNC_API_URL') ?? (tillDir === null ? null : urlOfTill(tillDir));
  const own = backendDir === null ? null : ownUrl(reader);
  const url = (asked ?? tills ?? own ?? DEFAULT_URL).replace(/\/+$/, '');
  const isTills = asked === null && tills !== null;
  const order = isTills ? ['SYNC_API_CA_FILE', 'TILLCAST_CA_FILE'] : ['TILLCAST_CA_FILE', 'SYNC_API_CA_FILE'];
  const caVariable = order[0] ?? '';
  const variable = [...order, ...(url === own ? ['AMQP_CA_FILE'] : [])].find(
    (name) => reader.text(name) !== null,
  );
  return { url, caPem: variable === undefined ? null : readCaFile(reader, variable), caVariable };
}

/** Asks the API how it is. */
export async function askApi({ url, caPem, caVariable }: ApiAddress): Promise<ApiFacts> {
  const fetch = createFetch(caPem);
  const ask = async (path: string): Promise<ApiAnswer> => {
    try {
      return await readAnswer(await fetch(url + path, { signal: AbortSignal.timeout(PATIENCE_MS) }));
    } catch (error) {
      return { answered: false, why: certificateFault(error, caVariable) ?? reasonOf(error) };
    }
  };
  const [health, ready] = await Promise.all([ask('/health'), ask('/ready')]);
  return { url, caVariable, health, ready };
}

async function readAnswer(answer: Response): Promise<ApiAnswer> {
  const text = await answer.text();
  const problem = problemSchema.safeParse(jsonOf(text));
  const isProblem = answer.headers.get('content-type')?.startsWith(PROBLEM_MEDIA_TYPE) === true;
  const isWell = answer.status === 200 && /^\{"status":"(?:ok|ready)"/.test(text);
  return {
    answered: true,
    status: answer.status,
    isOurs: isWell || (isProblem && problem.success),
    code: problem.success ? problem.data.code : null,
    details: problem.success ? (problem.data.errors ?? []) : [],
    by: answer.headers.get('server') ?? answer.headers.get('via'),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof AggregateError) return reasonOf(each.errors[0]);
    if (each.name === 'TimeoutError') return `no answer within ${PATIENCE_MS / 1_000} s`;
    if (each.cause === undefined) return each.message;
  }
  return String(error);
}

function urlOfTill(tillDir: string): string | null {
  try {
    return readIdentity(tillDir)?.backend_url ?? null;
  } catch (error) {
    // Its file is looked at by a check of its own.
    if (error instanceof Error) return null;
    throw error;
  }
}

function ownUrl(reader: EnvironmentReader): string {
  const port = reader.text('PORT') ?? '8080';
  return reader.text('TLS_CERT_FILE') === null ? `http://localhost:${port}` : `https://localhost:${port}`;
}

function absoluteCa(
  { TILLCAST_CA_FILE: file }: Place['env'],
  { cwd }: CliContext,
): Readonly<Record<string, string>> {
  return file === undefined || file.trim() === '' ? {} : { TILLCAST_CA_FILE: resolve(cwd, file) };
}
