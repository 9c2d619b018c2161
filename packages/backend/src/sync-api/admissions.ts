import { TillcastError } from '@tillcast/protocol/errors';
import { LICENSE_KEY_HEADER, TERMINAL_ID_HEADER } from '@tillcast/protocol/http/sync-api';
import type { FastifyRequest } from 'fastify';
import type { App } from '../http/app-types.ts';
import type { LicenseState } from '../licenses/license.ts';
import type { Admission, LicenseGate, Purpose } from './license-gate.ts';

/** Who requests were admitted for: checked first of all, before query or body are looked at. */
export class Admissions {
  readonly #admissions = new WeakMap<FastifyRequest, Admission>();

  /** Puts the gate before every route of this scope. */
  guard(scope: App, gate: LicenseGate, purpose: Purpose = 'everything'): void {
    scope.addHook('onRequest', async (request) => {
      const { headers } = request;
      const credentials = {
        authorization: headers.authorization,
        licenseKey: headers[LICENSE_KEY_HEADER],
        terminalId: headers[TERMINAL_ID_HEADER],
      };
      this.#admissions.set(request, await gate.admit(credentials, purpose));
    });
  }

  /** The license that the request was admitted for. */
  of(request: FastifyRequest): LicenseState {
    return this.#of(request).license;
  }

  /** The terminal that proved itself; null where a license key alone was taken. */
  terminalOf(request: FastifyRequest): string | null {
    return this.#of(request).terminalId;
  }

  #of(request: FastifyRequest): Admission {
    const admission = this.#admissions.get(request);
    if (admission === undefined) {
      throw new TillcastError('internal', 'A route lies outside the license gate.');
    }
    return admission;
  }
}
