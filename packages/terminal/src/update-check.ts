import { createFetch } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { ExportAnswer, ExportRequest } from '@tillcast/protocol/http/till-api';
import { z } from 'zod';
import type { TerminalConfig } from './config/terminal-config.ts';
import { exportFolderSales } from './counter/folder-export.ts';
import { lockTill } from './identity/activation.ts';
import { unsentSalesIn } from './sales/open-sales.ts';

const stateSchema = z.object({ unsent_sales: z.int().min(0) });
const PATIENCE_MS = 5_000;

/**
 * Lets an update of this till's program go ahead: no while the server lacks one of its sales.
 * @param override a manager's PIN and words for an export, which is written first; for a till that does not run
 * @returns where the export is; null where none was needed
 * @throws TillcastError `unsent_sales`; what {@link exportFolderSales} throws
 */
export async function checkUpdate(
  config: TerminalConfig,
  override: ExportRequest | null = null,
): Promise<ExportAnswer | null> {
  const { dataDir } = config;
  let waiting: number;
  try {
    const lock = lockTill(dataDir);
    try {
      waiting = unsentSalesIn(dataDir);
      if (waiting > 0 && override !== null) return await exportFolderSales(dataDir, override);
    } finally {
      lock.release();
    }
  } catch (error) {
    if (!(error instanceof TillcastError) || error.code !== 'data_in_use') throw error;
    waiting = await unsentOfRunning(config);
  }
  if (waiting === 0) return null;
  throw new TillcastError(
    'unsent_sales',
    `${waiting} ${waiting === 1 ? 'sale of this till is' : 'sales of this till are'} not with the server yet: update it when none waits any more; or stop it and have a manager export them first: \`tillcast terminal update-check --export\`.`,
  );
}

/** What the till that runs says of itself. */
async function unsentOfRunning({ host, port, dataDir }: TerminalConfig): Promise<number> {
  const name = host === '::1' ? '[::1]' : host;
  try {
    const answer = await createFetch(null)(`http://${name}:${port}/api/state`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return stateSchema.parse(await answer.json()).unsent_sales;
  } catch (cause) {
    throw new TillcastError(
      'data_in_use',
      `A till runs on ${dataDir} and does not answer on port ${port}: set PORT to where its page is, or stop it first.`,
      { cause },
    );
  }
}
