import { createFetch, type Fetch, fetchFromAny } from '@tillcast/broker';
import type { TerminalConfig } from '../config/terminal-config.ts';

/** How the till asks its backend: by the authorities that it trusts, at whichever of its addresses is there. */
export function backendFetch(
  config: Pick<TerminalConfig, 'syncApiUrl' | 'otherSyncApiUrls' | 'syncApiCaPem'>,
): Fetch {
  const { syncApiUrl, otherSyncApiUrls, syncApiCaPem } = config;
  const fetch = createFetch(syncApiCaPem);
  return syncApiUrl === null ? fetch : fetchFromAny([syncApiUrl, ...otherSyncApiUrls], fetch);
}
