import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnvironmentReader } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { AdminClient } from '../api/admin-client.ts';
import { findDataDir } from '../api/locate.ts';
import type { CliContext } from '../context.ts';
import { importCatalog } from '../import/import-catalog.ts';
import { readOperations } from '../import/read-operations.ts';
import { openSource } from '../import/source-file.ts';
import { usageError } from '../input/parse.ts';
import { readActivationCodes } from '../up/activation-codes.ts';
import { besideDemo } from '../up/beside-demo.ts';
import type { Admission } from './host-messages.ts';

const RETAIL = fileURLToPath(new URL('../../../../demo/online-retail', import.meta.url));
const CATALOG = join(RETAIL, 'products.csv');
/** What the tills sell. */
export const RECORDING: string = join(RETAIL, 'sales_2011-09.csv.gz');

/** Where simulated tills find their license, and how they are let in. */
export interface Stage {
  readonly license: LicenseKey;
  readonly admission: Admission;
  /** The authorities to trust for the broker; null: the system's. */
  readonly brokerCaPem: string | null;
  /** Takes back what was made for them. @param terminalIds those that there were */
  readonly end: (terminalIds: readonly string[]) => Promise<void>;
}

export interface StageOptions {
  /** Null: a license of their own, with the recording's catalog. */
  readonly license: LicenseKey | null;
  readonly tills: number;
  /** Tills name their license, and are not activated. */
  readonly named: boolean;
}

/** @throws TillcastError `usage`, `configuration_invalid`, and what the backend refuses with */
export async function setStage(
  client: AdminClient,
  options: StageOptions,
  context: CliContext,
): Promise<Stage> {
  const { parseTerminalConfig } = await import('@tillcast/terminal');
  const environment = await besideDemo({ ...context.env }, context);
  const { broker, brokerNamed } = parseTerminalConfig({
    ...environment,
    SYNC_API_URL: client.url,
    LICENSE_KEY: undefined,
    PORT: undefined,
    HOST: undefined,
  });
  if (options.named && !brokerNamed) {
    throw usageError('--named needs the broker and a login to it: set AMQP_URL.');
  }
  const names: Admission = { by: 'name', brokerUrls: broker.urls };
  const brokerCaPem = broker.caPem;
  if (options.license === null) {
    const { license, code } = await createLicense(client, options.tills);
    const admission = options.named ? names : ({ by: 'activation', code } as const);
    const end = async (): Promise<void> => void (await client.revoke(license));
    return { license, admission, brokerCaPem, end };
  }
  const { license } = options;
  await client.license(license);
  if (options.named) return { license, admission: names, brokerCaPem, end: () => Promise.resolve() };
  const code = await activationCodeOf(license, context);
  return {
    license,
    admission: { by: 'activation', code },
    brokerCaPem,
    end: async (terminalIds) => {
      for (const id of terminalIds) await client.revokeTerminal(id);
    },
  };
}

async function createLicense(
  client: AdminClient,
  tills: number,
): Promise<{ readonly license: LicenseKey; readonly code: string }> {
  const license = parseLicenseKey(
    `SIMULATED-LIFE-${randomInt(36 ** 7)
      .toString(36)
      .toUpperCase()
      .padStart(8, '0')}`,
  );
  const made = await client.createLicense({ key: license, name: 'Simulated tills', terminals_max: tills });
  const options = { kind: 'product', map: [], currency: undefined } as const;
  try {
    const rows = readOperations(await openSource(CATALOG), 'csv', options);
    await importCatalog(client, rows, { license, partial: false });
  } catch (error) {
    await client.revoke(license);
    throw error;
  }
  return { license, code: made.activation_code };
}

/** That which the demo keeps for its own licenses, else the one that is given. */
async function activationCodeOf(license: LicenseKey, context: CliContext): Promise<string> {
  const kept = (await readActivationCodes(await findDataDir(context)))[license];
  const reader = new EnvironmentReader(context.env);
  const code = kept ?? reader.secret('TILLCAST_ACTIVATION_CODE');
  reader.finish('The activation code');
  if (code !== null) return code;
  throw new TillcastError(
    'terminal_not_activated',
    `The tills are to be activated for ${license}: give its activation code in TILLCAST_ACTIVATION_CODE, or leave --license out for a license of their own.`,
  );
}
