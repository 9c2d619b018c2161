import type { Fetch } from '@tillcast/broker';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { askForActivation } from '../identity/activation.ts';
import { newTillKey, type TillKey } from '../identity/till-key.ts';

/** Who a till is that is hosted with many others. */
export type HostedIdentity = {
  readonly licenseKey: LicenseKey;
  readonly terminalId: string;
  readonly name: string;
} & (
  | {
      /** It was activated: its own token speaks for it. Its key is in memory alone, and gone with the process. */
      readonly kind: 'activated';
      readonly key: TillKey;
      readonly issuer: string;
      /** Without user and password. */
      readonly brokerUrls: readonly string[];
    }
  | {
      /** Its word is taken for it, where the backend allows that. */
      readonly kind: 'named';
      /** With user and password. */
      readonly brokerUrls: readonly string[];
    }
);

/**
 * Activates a till whose key stays in memory. Nothing of it is on a disk: sealing a key costs a slow hash at each start, which a
 * thousand tills in one process would pay a thousand times.
 * @throws TillcastError `activation_refused`, `too_many_terminals`, `rate_limited` and what else the server answers,
 *   `backend_unavailable`
 */
export async function activateHostedTill(options: {
  readonly fetch: Fetch;
  /** Without a slash at its end. */
  readonly backendUrl: string;
  readonly licenseKey: LicenseKey;
  readonly activationCode: string;
  readonly name: string;
}): Promise<HostedIdentity> {
  const key = await newTillKey();
  const { answer } = await askForActivation(options, key);
  const { license_key: licenseKey, terminal_id: terminalId, name, issuer, broker } = answer;
  return { kind: 'activated', licenseKey, terminalId, name, key, issuer, brokerUrls: broker.urls };
}
