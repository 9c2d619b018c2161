import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { TerminalConfig } from '../config/terminal-config.ts';
import { backendFetch } from '../sync-client/backend-fetch.ts';
import { activateTill } from './activation.ts';
import { keyStoreOptionsOf } from './open-credentials.ts';
import type { TillIdentity } from './till-identity.ts';

/** What a person says at an activation. */
export interface ActivateTillOptions {
  readonly licenseKey: LicenseKey;
  readonly activationCode: string;
  readonly name: string;
  /** Without a slash at its end. */
  readonly backendUrl: string;
}

/** Activates the till that this configuration describes. @throws TillcastError as {@link activateTill} says */
export function activateThisTill(
  config: TerminalConfig,
  options: ActivateTillOptions,
): Promise<TillIdentity> {
  if (config.licenseKey !== null && config.licenseKey !== options.licenseKey) {
    throw new TillcastError(
      'configuration_invalid',
      `LICENSE_KEY is ${config.licenseKey}, and the till is to be activated for ${options.licenseKey}: leave LICENSE_KEY out.`,
    );
  }
  return activateTill({ ...keyStoreOptionsOf(config), ...options, fetch: backendFetch(config) });
}
