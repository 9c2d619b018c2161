import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { TerminalConfig } from '@tillcast/terminal';
import type { AdminClient } from '../api/admin-client.ts';
import { keepActivationCode, readActivationCodes } from './activation-codes.ts';

/** A till of the demo that may have to be activated. */
export interface DemoActivation {
  readonly license: LicenseKey;
  readonly name: string;
  /** The till's whole environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly backendUrl: string;
  /** The demo's, where it keeps the activation codes. */
  readonly dataDir: string;
}

/**
 * Activates a till of the demo where it is not yet, or where the backend does not know it any more, since its
 * database is another one.
 */
export async function ensureActivated(client: AdminClient, till: DemoActivation): Promise<void> {
  const { parseTerminalConfig, readIdentity, resetTill } = await import('@tillcast/terminal');
  const config = parseTerminalConfig(till.environment);
  const identity = readIdentity(config.dataDir);
  if (identity !== null) {
    const known = await client.terminals();
    if (known.some(({ terminal_id }) => terminal_id === identity.terminal_id)) return;
    await resetTill(config);
  }
  const code = (await readActivationCodes(till.dataDir))[till.license];
  try {
    if (code !== undefined) return await activate(config, till, code);
  } catch (error) {
    // Somebody renewed it.
    if (!(error instanceof TillcastError) || error.code !== 'activation_refused') throw error;
  }
  const { activation_code } = await client.renewActivationCode(till.license);
  await keepActivationCode(till.dataDir, till.license, activation_code);
  await activate(config, till, activation_code);
}

async function activate(config: TerminalConfig, till: DemoActivation, code: string): Promise<void> {
  const { activateThisTill } = await import('@tillcast/terminal');
  const { license, name, backendUrl } = till;
  await activateThisTill(config, { licenseKey: license, name, backendUrl, activationCode: code });
}
