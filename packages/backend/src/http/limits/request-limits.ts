import { createHash } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { TERMINAL_ID_HEADER } from '@tillcast/protocol/http/sync-api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { LicenseState } from '../../licenses/license.ts';
import type { BackendMetrics } from '../../metrics/metrics.ts';
import type { App } from '../app-types.ts';
import { ActivationTries } from './activation-tries.ts';
import { addressKey } from './address-key.ts';
import { limitHeaders, secondsOf } from './limit-headers.ts';
import { Meter, type Verdict } from './meter.ts';
import { type LimitPolicy, licensePolicy, POLICIES } from './policies.ts';

/** About 200 bytes each. */
const MAX_KEYS = 50_000;

const activationBody = z.object({ license_key: z.string() });
const tokenBody = z.object({ client_assertion: z.string() });

/** For whom a request was admitted. */
export type LimitedBy = (request: FastifyRequest) => {
  readonly license: Pick<LicenseState, 'id' | 'terminalsMax'>;
  /** Null where a license key alone was taken. */
  readonly terminalId: string | null;
};

/** Measures requests by the policies and refuses what is beyond them, before it costs anything. */
export class RequestLimits {
  readonly #meter: Meter;
  readonly #activationTries: ActivationTries;
  readonly #metrics: BackendMetrics;
  readonly #verdicts = new WeakMap<object, Verdict[]>();

  constructor(options: { readonly metrics: BackendMetrics; readonly nowMs?: () => number }) {
    this.#meter = new Meter({ maxKeys: MAX_KEYS, now: options.nowMs ?? (() => performance.now()) });
    this.#activationTries = new ActivationTries(this.#meter);
    this.#metrics = options.metrics;
  }

  /**
   * Before everything else: what one address asks, and more strictly what it asks to activate a till or for a
   * token. Then, once the body is known, what was tried in vain for one license key, and what one till asks for.
   */
  guardAddresses(app: App): void {
    app.addHook('onRequest', async (request, reply) => {
      const address = addressKey(request.ip);
      const { url } = request.routeOptions;
      // RabbitMQ fetches the keys for every token that names one it does not know: whoever sends it such tokens
      // must not keep it from them.
      if (url !== IDENTITY_PATHS.jwks) this.#take(request, reply, POLICIES.address, address);
      if (request.method !== 'POST') return;
      if (url === IDENTITY_PATHS.activate) this.#take(request, reply, POLICIES.activationAddress, address);
      if (url === IDENTITY_PATHS.token) this.#take(request, reply, POLICIES.tokenAddress, address);
    });
    app.addHook('preHandler', async (request, reply) => {
      const { url } = request.routeOptions;
      if (url === IDENTITY_PATHS.activate) {
        const body = activationBody.safeParse(request.body);
        if (!body.success) return;
        const verdicts = this.#activationTries.look(body.data.license_key, addressKey(request.ip));
        for (const verdict of verdicts) this.#apply(request, reply, verdict);
      } else if (url === IDENTITY_PATHS.token) {
        const body = tokenBody.safeParse(request.body);
        const terminal = body.success ? claimedTerminal(body.data.client_assertion) : null;
        // Nobody has checked the claim: with the address, it can use up the quota of no till elsewhere.
        const key = `${addressKey(request.ip)} ${terminal}`;
        if (terminal !== null) this.#take(request, reply, POLICIES.tokenTerminal, key);
      }
    });
    app.addHook('onError', async (request, _reply, error) => {
      const isWrongCode = error instanceof TillcastError && error.code === 'activation_refused';
      const body = isWrongCode ? activationBody.safeParse(request.body) : null;
      if (body?.success) this.#activationTries.failed(body.data.license_key, addressKey(request.ip));
    });
  }

  /** What the terminals of one license ask together, and each of them, once they have been admitted. */
  guardTerminals(scope: App, admissionOf: LimitedBy): void {
    scope.addHook('onRequest', async (request, reply) => {
      const { license, terminalId } = admissionOf(request);
      this.#take(request, reply, licensePolicy(license.terminalsMax), String(license.id));
      // With a license key alone it is a claim, and the license's quota holds.
      const terminal = terminalId ?? request.headers[TERMINAL_ID_HEADER];
      if (typeof terminal !== 'string') return;
      this.#take(request, reply, POLICIES.terminal, `${license.id} ${terminal.slice(0, 64)}`);
    });
  }

  /** What is asked with one API key that was found good. */
  guardAdmin(scope: App): void {
    scope.addHook('onRequest', async (request, reply) => {
      const key = createHash('sha256')
        .update(request.headers.authorization ?? '')
        .digest('base64');
      this.#take(request, reply, POLICIES.admin, key);
    });
  }

  /** The policy by which this request was refused; null for none. */
  refusedBy(request: object): string | null {
    return this.#verdicts.get(request)?.find(({ allowed }) => !allowed)?.policy.name ?? null;
  }

  #take(request: FastifyRequest, reply: FastifyReply, policy: LimitPolicy, key: string): void {
    this.#apply(request, reply, this.#meter.take(policy, key));
  }

  /** Says so in the answer, and refuses where it is to be refused. */
  #apply(request: FastifyRequest, reply: FastifyReply, verdict: Verdict): void {
    const { policy } = verdict;
    const verdicts = this.#verdicts.get(request) ?? [];
    verdicts.push(verdict);
    this.#verdicts.set(request, verdicts);
    reply.headers(limitHeaders(verdicts));
    if (verdict.allowed) return;
    const waitS = secondsOf(verdict);
    reply.header('retry-after', String(waitS));
    this.#metrics.limited(policy.name);
    throw new TillcastError(
      'rate_limited',
      `That is more than ${policy.quota} requests in ${policy.windowS} s (${policy.name}): try again in ${waitS} s.`,
    );
  }
}

/** The terminal that an assertion names, unchecked; null where it names none. */
function claimedTerminal(assertion: string): string | null {
  try {
    return decodeJwt(assertion).sub?.slice(0, 64) ?? null;
  } catch (error) {
    // What is no JWT is the route's to refuse.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
