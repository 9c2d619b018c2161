import { join } from 'node:path';
import { type Logger, silentLogger } from '@tillcast/broker';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import {
  activateThisTill,
  parseTerminalConfig,
  type RunningTerminal,
  startTerminal,
  type TerminalConfig,
} from '@tillcast/terminal';
import { freePort } from '@tillcast/testkit';
import type { TestLicense } from './guarded-system.ts';

/** The folder of one till, its key sealed in a file, and the environment that it starts with. */
export interface TillFolder {
  readonly path: string;
  readonly config: (environment?: Readonly<Record<string, string>>) => Promise<TerminalConfig>;
  /** Activates it; rejects where that is refused. */
  readonly activate: (
    license: TestLicense,
    backendUrl: string,
    name?: string,
    environment?: Readonly<Record<string, string>>,
  ) => Promise<void>;
  /** Starts it; neither license nor backend nor broker are named. */
  readonly start: (
    environment?: Readonly<Record<string, string>>,
    logger?: Logger,
  ) => Promise<RunningTerminal>;
}

/** @param root a folder for this till alone, with all that belongs to its machine */
export function tillFolder(root: string): TillFolder {
  const path = join(root, 'till');
  const config: TillFolder['config'] = async (environment = {}) =>
    parseTerminalConfig({
      TILLCAST_DATA_DIR: path,
      XDG_CONFIG_HOME: join(root, 'settings'),
      TILLCAST_KEY_STORE: 'file',
      PORT: String(await freePort()),
      ...environment,
    });
  return {
    path,
    config,
    activate: async ({ key, activationCode }, backendUrl, name = 'Counter 1', environment = {}) => {
      const licenseKey = parseLicenseKey(key);
      await activateThisTill(await config(environment), { licenseKey, activationCode, backendUrl, name });
    },
    start: async (environment, logger = silentLogger) => startTerminal(await config(environment), { logger }),
  };
}
