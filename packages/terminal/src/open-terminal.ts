import { createLogger, type Logger } from '@tillcast/broker';
import type { TerminalConfig } from './config/terminal-config.ts';
import { readIdentity } from './identity/till-identity.ts';
import { startSetupServer } from './setup/setup-server.ts';
import { type StartTerminalOptions, startTerminal } from './terminal.ts';

/** A till's program that runs: its set-up page first where it is nobody's yet, then the till. */
export interface OpenTerminal {
  /** Where its page is, all the time. */
  readonly url: string;
  /** Rejects where a till that was just set up cannot be started. */
  readonly broken: Promise<never>;
  /** Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a till. One that is neither activated nor told its license serves its set-up page alone, and becomes the till as
 * soon as it is activated there.
 * @throws TillcastError before it serves anything, as {@link startTerminal} does
 */
export async function openTerminal(
  config: TerminalConfig,
  { logger = loggerOf(config) }: StartTerminalOptions = {},
): Promise<OpenTerminal> {
  if (config.licenseKey !== null || readIdentity(config.dataDir) !== null) {
    const till = await startTerminal(config, { logger });
    return { url: till.url, broken: new Promise<never>(() => undefined), stop: () => till.stop() };
  }
  return openNewTerminal(config, logger);
}

async function openNewTerminal(config: TerminalConfig, logger: Logger): Promise<OpenTerminal> {
  const { promise: broken, reject: breakDown } = Promise.withResolvers<never>();
  // Nobody may be waiting for it.
  broken.catch(() => undefined);
  let stopped = false;
  let becoming: Promise<void> | null = null;
  let stopTill: () => Promise<void> = () => Promise.resolve();
  const become = async (): Promise<void> => {
    await page.stop();
    if (stopped) return;
    const till = await startTerminal(config, { logger });
    stopTill = () => till.stop();
  };
  const page = await startSetupServer({
    config,
    logger,
    onActivated: () => {
      becoming ??= become().catch(breakDown);
    },
  });
  logger.info(
    { url: page.url },
    'This till is not set up yet: open its page, and give it what its supplier gave you',
  );
  return {
    url: page.url,
    broken,
    stop: async () => {
      stopped = true;
      await page.stop();
      await becoming;
      await stopTill();
    },
  };
}

function loggerOf(config: TerminalConfig): Logger {
  return createLogger({ service: 'tillcast-terminal', level: config.logLevel });
}
