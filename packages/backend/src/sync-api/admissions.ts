import { TillcastError } from '@tillcast/protocol/errors';
import { LICENSE_KEY_HEADER } from '@tillcast/protocol/http/sync-api';
import type { FastifyRequest } from 'fastify';
import type { App } from '../http/app-types.ts';
import type { LicenseState } from '../licenses/license.ts';
import type { LicenseGate } from './license-gate.ts';

/** The licenses that requests were admitted for: checked first of all, before query or body are looked at. */
export class Admissions {
  readonly #licenses = new WeakMap<FastifyRequest, LicenseState>();

  /** Puts the gate before every route of this scope. */
  guard(scope: App, gate: LicenseGate): void {
    scope.addHook('onRequest', async (request) => {
      this.#licenses.set(request, await gate.admit(request.headers[LICENSE_KEY_HEADER]));
    });
  }

  /** The license that the request was admitted for. */
  of(request: FastifyRequest): LicenseState {
    const license = this.#licenses.get(request);
    if (license === undefined) throw new TillcastError('internal', 'A route lies outside the license gate.');
    return license;
  }
}
