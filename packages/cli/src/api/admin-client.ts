import type { Readable, Writable } from 'node:stream';
import { certificateFault } from '@tillcast/broker/transport';
import { ERROR_CATALOG, type ErrorCode, isErrorCode, TillcastError } from '@tillcast/protocol/errors';
import {
  ADMIN_PATHS,
  type AuditPage,
  activationCodeSchema,
  auditPageSchema,
  BACKUP_MEDIA_TYPE,
  type BroadcastRequest,
  broadcastResultSchema,
  type CommitResult,
  type CreatedLicense,
  type CreateLicense,
  commitResultSchema,
  createdLicenseSchema,
  IMPORT_MEDIA_TYPE,
  type ImportResult,
  importResultSchema,
  type KeyPurpose,
  type License,
  licenseListSchema,
  licenseSchema,
  type RevokedKey,
  revokedKeySchema,
  type SigningKey,
  signingKeyListSchema,
  type TerminalStatus,
  terminalListSchema,
  terminalStatusSchema,
  type UpdateLicense,
} from '@tillcast/protocol/http/admin-api';
import {
  type ChangeDelivery,
  changeDeliverySchema,
  FLEET_PATHS,
  type FleetBehind,
  type FleetStatus,
  fleetBehindSchema,
  fleetStatusSchema,
} from '@tillcast/protocol/http/fleet-api';
import { PROBLEM_MEDIA_TYPE, problemSchema } from '@tillcast/protocol/http/problem';
import { type SalesDay, salesDaysSchema } from '@tillcast/protocol/http/sales-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Operation } from '@tillcast/protocol/operation';
import type { z } from 'zod';
import { createHttpClient, type HttpAnswer, type HttpClient, type HttpRequest } from './http.ts';
import type { Backend } from './locate.ts';

const SILENCE_MS = 30_000;
/** An import of a very large file commits in one go, and is silent while it does. */
const IMPORT_SILENCE_MS = 600_000;
/** A backup is written whole before its first byte comes. */
const BACKUP_SILENCE_MS = 600_000;

/**
 * The admin API. Every method rejects with a TillcastError: the server's own code where it answered with a
 * problem, `backend_unavailable` when it cannot be reached, `answer_invalid` when what answers is not Tillcast.
 */
export class AdminClient implements Disposable {
  readonly #backend: Backend;
  readonly #http: HttpClient;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#http = createHttpClient(backend.caPem);
  }

  get url(): string {
    return this.#backend.url;
  }

  async licenses(): Promise<readonly License[]> {
    const { licenses } = await this.#ask('GET', ADMIN_PATHS.licenses, licenseListSchema);
    return licenses;
  }

  license(key: LicenseKey): Promise<License> {
    return this.#ask('GET', ADMIN_PATHS.license(key), licenseSchema);
  }

  createLicense(license: CreateLicense): Promise<CreatedLicense> {
    return this.#ask('POST', ADMIN_PATHS.licenses, createdLicenseSchema, license);
  }

  updateLicense(key: LicenseKey, update: UpdateLicense): Promise<License> {
    return this.#ask('PATCH', ADMIN_PATHS.license(key), licenseSchema, update);
  }

  renewActivationCode(key: LicenseKey): Promise<{ readonly activation_code: string }> {
    return this.#ask('POST', ADMIN_PATHS.activationCode(key), activationCodeSchema, {});
  }

  revoke(key: LicenseKey): Promise<License> {
    return this.#ask('POST', ADMIN_PATHS.revoke(key), licenseSchema, {});
  }

  suspend(key: LicenseKey): Promise<License> {
    return this.#ask('POST', ADMIN_PATHS.suspend(key), licenseSchema, {});
  }

  resume(key: LicenseKey): Promise<License> {
    return this.#ask('POST', ADMIN_PATHS.resume(key), licenseSchema, {});
  }

  async commit(key: LicenseKey, operations: readonly Operation[]): Promise<CommitResult> {
    try {
      return await this.#ask('POST', ADMIN_PATHS.changes(key), commitResultSchema, { operations });
    } catch (error) {
      if (operations.length !== 1 || !(error instanceof TillcastError)) throw error;
      // Whoever asked for one thing need not be told which of all it was.
      const message = error.message.replace(/^\/operations\/0[^:\s]*: (.)/, (_, first: string) =>
        first.toUpperCase(),
      );
      throw new TillcastError(error.code, message, { cause: error.cause, details: error.details });
    }
  }

  /** Sends operations, one JSON text a line. In strict mode nothing is done unless every line is good. */
  import(key: LicenseKey, lines: Readable, mode: 'strict' | 'partial'): Promise<ImportResult> {
    return this.#send(
      {
        method: 'POST',
        url: `${this.url}${ADMIN_PATHS.import(key)}?mode=${mode}`,
        headers: { ...this.#headers(), 'content-type': IMPORT_MEDIA_TYPE },
        body: lines,
        silenceMs: IMPORT_SILENCE_MS,
      },
      importResultSchema,
    );
  }

  /** Has a backup made, which goes to `to` as it comes. */
  async backup(to: Writable): Promise<void> {
    const answer = await this.#reach(() =>
      this.#http.download(
        {
          method: 'POST',
          url: `${this.url}${ADMIN_PATHS.backups}`,
          headers: { ...this.#headers(), accept: `${BACKUP_MEDIA_TYPE}, ${PROBLEM_MEDIA_TYPE}` },
          silenceMs: BACKUP_SILENCE_MS,
        },
        to,
      ),
    );
    if (answer.status !== 200) throw refusal(answer, this.url);
  }

  broadcast(request: BroadcastRequest): Promise<{ readonly id: string; readonly expires_at: string }> {
    return this.#ask('POST', ADMIN_PATHS.broadcasts, broadcastResultSchema, request);
  }

  /** What a license's tills sold in the last 31 days, by day. */
  async salesDays(key: LicenseKey): Promise<readonly SalesDay[]> {
    return (await this.#ask('GET', ADMIN_PATHS.salesDays(key), salesDaysSchema)).days;
  }

  async terminals(): Promise<readonly TerminalStatus[]> {
    return (await this.terminalList()).terminals;
  }

  /** All terminals, and when that was so by the server's clock. */
  async terminalList(): Promise<{ readonly at: string; readonly terminals: readonly TerminalStatus[] }> {
    const { at, terminals } = await this.#ask('GET', ADMIN_PATHS.terminals, terminalListSchema);
    return { at: at ?? new Date().toISOString(), terminals };
  }

  /** @param license null: all that are active */
  fleetStatus(license: LicenseKey | null): Promise<FleetStatus> {
    const query = license === null ? '' : `?license=${license}`;
    return this.#ask('GET', `${FLEET_PATHS.status}${query}`, fleetStatusSchema);
  }

  /** @param license null: all that are active */
  fleetBehind(license: LicenseKey | null, limit: number): Promise<FleetBehind> {
    const query = license === null ? '' : `&license=${license}`;
    return this.#ask('GET', `${FLEET_PATHS.behind}?limit=${limit}${query}`, fleetBehindSchema);
  }

  changeDelivery(license: LicenseKey, version: number): Promise<ChangeDelivery> {
    return this.#ask('GET', FLEET_PATHS.change(license, version), changeDeliverySchema);
  }

  /** Audit entries after a number, and the log's head at the same moment. */
  audit(after: number, limit: number): Promise<AuditPage> {
    return this.#ask('GET', `${ADMIN_PATHS.audit}?after=${after}&limit=${limit}`, auditPageSchema);
  }

  async keys(): Promise<readonly SigningKey[]> {
    const { keys } = await this.#ask('GET', ADMIN_PATHS.keys, signingKeyListSchema);
    return keys;
  }

  /** @returns the keys as they are then */
  async rotateKey(purpose: KeyPurpose): Promise<readonly SigningKey[]> {
    const { keys } = await this.#ask('POST', ADMIN_PATHS.rotateKey, signingKeyListSchema, { purpose });
    return keys;
  }

  revokeKey(kid: string): Promise<RevokedKey> {
    return this.#ask('POST', ADMIN_PATHS.revokeKey(kid), revokedKeySchema);
  }

  renameTerminal(id: string, name: string): Promise<TerminalStatus> {
    return this.#ask('PATCH', ADMIN_PATHS.terminal(id), terminalStatusSchema, { name });
  }

  revokeTerminal(id: string): Promise<TerminalStatus> {
    return this.#ask('POST', ADMIN_PATHS.revokeTerminal(id), terminalStatusSchema, {});
  }

  /** @returns the code of the place that was kept */
  moveTerminal(id: string): Promise<{ readonly activation_code: string }> {
    return this.#ask('POST', ADMIN_PATHS.moveTerminal(id), activationCodeSchema, {});
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }

  #headers(): Readonly<Record<string, string>> {
    return {
      authorization: `Bearer ${this.#backend.apiKey}`,
      accept: `application/json, ${PROBLEM_MEDIA_TYPE}`,
    };
  }

  #ask<T>(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    schema: z.ZodType<T, unknown>,
    body?: object,
  ): Promise<T> {
    const content =
      body === undefined
        ? { headers: this.#headers() }
        : { headers: { ...this.#headers(), 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return this.#send({ method, url: `${this.url}${path}`, ...content, silenceMs: SILENCE_MS }, schema);
  }

  async #send<T>(request: HttpRequest, schema: z.ZodType<T, unknown>): Promise<T> {
    const answer = await this.#reach(() => this.#http.send(request));
    if (answer.status >= 200 && answer.status < 300) return parsed(answer, schema, this.url);
    throw refusal(answer, this.url);
  }

  async #reach(send: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
    try {
      return await send();
    } catch (cause) {
      if (cause instanceof TillcastError) throw cause;
      const fault = certificateFault(cause, 'TILLCAST_CA_FILE');
      if (fault !== null) {
        const message = `The backend at ${this.url} cannot be reached: ${fault}.`;
        throw new TillcastError('backend_unavailable', message, { cause });
      }
      throw new TillcastError(
        'backend_unavailable',
        `The backend at ${this.url} cannot be reached (${reasonOf(cause)}). Start it with \`npm start\`, or say where it is with --url or TILLCAST_URL.`,
        { cause },
      );
    }
  }
}

function parsed<T>(answer: HttpAnswer, schema: z.ZodType<T, unknown>, url: string): T {
  const result = schema.safeParse(jsonOf(answer));
  if (result.success) return result.data;
  throw new TillcastError(
    'answer_invalid',
    `What answers at ${url} does not answer as this version's backend does. Is it Tillcast, and of the same version?`,
    { cause: result.error },
  );
}

/** A refused request as the error that it stands for. */
export function refusal(answer: HttpAnswer, url: string): TillcastError {
  const problem = problemSchema.safeParse(jsonOf(answer));
  if (!problem.success) {
    return new TillcastError(
      'answer_invalid',
      `What answers at ${url} refused the request with ${answer.status} and is not Tillcast's backend. Check --url.`,
      { cause: problem.error },
    );
  }
  const { code, detail, errors, request_id } = problem.data;
  const id = code === 'internal' && request_id !== undefined ? ` (request id ${request_id})` : '';
  const known = isErrorCode(code) ? code : codeOfStatus(answer.status);
  return new TillcastError(known, `${sentence(detail)}${hintFor(known)}${id}`, { details: errors ?? [] });
}

function hintFor(code: ErrorCode): string {
  if (code === 'license_not_found') return ' `tillcast license list` shows those that exist.';
  if (code === 'change_not_found') return ' `tillcast sync status` shows the versions.';
  if (code === 'terminal_not_found') return ' `tillcast terminals list` shows them.';
  return '';
}

function codeOfStatus(status: number): ErrorCode {
  // A newer server may know codes that this program does not: the nearest of the same status.
  const same = Object.entries(ERROR_CATALOG).find(([, entry]) => entry.status === status)?.[0];
  if (isErrorCode(same)) return same;
  return status < 500 ? 'request_invalid' : 'internal';
}

function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ECONNRESET: 'the connection was closed',
  EHOSTUNREACH: 'no route to the host',
};

function reasonOf(error: unknown): string {
  // Of several addresses of one name, node tells each one's failure.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error)) return String(first);
  const code = 'code' in first && typeof first.code === 'string' ? first.code : '';
  return REASONS[code] ?? first.message;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
