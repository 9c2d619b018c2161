import { LICENSE_KEY_HEADER, TERMINAL_ID_HEADER } from '@tillcast/protocol/http/sync-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { ApiCredentials, TillCredentials } from './till-credentials.ts';

/** Whose word is taken for it: a till that only names its license. */
export interface NamedTill {
  readonly terminalId: string;
  readonly licenseKey: LicenseKey;
  readonly terminalName: string;
  /** With user and password. */
  readonly brokerUrls: readonly string[];
}

/** A till that was not activated and names its license: where the backend allows it, in demos and trials. */
export function licenseKeyCredentials(till: NamedTill): TillCredentials {
  const headers = { [LICENSE_KEY_HEADER]: till.licenseKey, [TERMINAL_ID_HEADER]: till.terminalId };
  const named: ApiCredentials = { headers: () => Promise.resolve(headers), isOutdated: () => false };
  return {
    ...till,
    ...named,
    sales: named,
    broker: null,
    start: () => undefined,
    stop: () => Promise.resolve(),
  };
}
