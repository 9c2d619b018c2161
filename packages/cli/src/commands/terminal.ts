import { join } from 'node:path';
import { createLogger } from '@tillcast/broker';
import { type CliCommand, defineCommand } from '../command.ts';
import { parsePort } from '../input/parse.ts';
import { findKioskBrowser, type KioskBrowser } from '../kiosk/chromium.ts';
import { Kiosk } from '../kiosk/kiosk.ts';
import { type RunningService, runService } from '../run-service.ts';
import { activateBesideDemo, besideDemo } from '../up/beside-demo.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Wanted {
  readonly environment: Environment;
  /** Null: nobody wants the page to be shown. */
  readonly kiosk: KioskBrowser | null;
}

export const terminal: CliCommand = defineCommand<Wanted, undefined>({
  description:
    'Run a till until it is stopped (SIGTERM or Ctrl-C). A till that was activated knows its license, its backend and its broker; one that was not asks for them on its page, or is activated by tillcast terminal activate. With --kiosk it shows its page full screen in this machine’s Chromium (TILLCAST_CHROMIUM names another, TILLCAST_CHROMIUM_FLAGS what to start it with besides), which ends with it. Where the backend takes a license key alone, LICENSE_KEY will do instead; where such a till names neither backend nor broker, it joins the demo that runs here. It is configured by its environment: LICENSE_KEY, SYNC_API_URL, SYNC_API_CA_FILE, AMQP_URL, AMQP_CA_FILE, PORT, HOST, TERMINAL_NAME, TILLCAST_DATA_DIR, TILLCAST_KEY_PASSPHRASE_FILE, LOG_LEVEL. It logs JSON lines to stdout.',
  examples: [
    'tillcast terminal --kiosk',
    'tillcast terminal activate --license EXTRO-LIFE-ABC123 && tillcast terminal',
    'LICENSE_KEY=EXTRO-LIFE-ABC123 SYNC_API_URL=http://localhost:8080 AMQP_URL=amqp://guest:guest@localhost tillcast terminal',
  ],
  flags: [
    { flags: '--license <key>', description: 'The license that it sells for', fallback: 'LICENSE_KEY' },
    { flags: '--port <number>', description: 'Where its page is', fallback: 'PORT, else 8101' },
    { flags: '--name <text>', description: 'What people call it', fallback: 'TERMINAL_NAME' },
    {
      flags: '--data-dir <path>',
      description: 'Where it keeps its copy',
      fallback: 'TILLCAST_DATA_DIR, else .tillcast/terminal',
    },
    { flags: '--kiosk', description: 'Show its page full screen in Chromium' },
  ],
  local: true,
  validate: (given, context) => {
    const port = given.text('port');
    const license = given.text('license');
    const name = given.text('name');
    const dataDir = given.text('dataDir');
    const environment = {
      ...context.env,
      ...(port === undefined ? {} : { PORT: String(parsePort(port, '--port')) }),
      ...(license === undefined ? {} : { LICENSE_KEY: license }),
      ...(name === undefined ? {} : { TERMINAL_NAME: name }),
      ...(dataDir === undefined ? {} : { TILLCAST_DATA_DIR: dataDir }),
    };
    const kiosk = given.isOn('kiosk') ? findKioskBrowser(context.env, process.platform) : null;
    return { environment, kiosk };
  },
  run: async ({ environment: given, kiosk }, context) => {
    const environment = await besideDemo(given, context);
    await activateBesideDemo(environment, context);
    await runService(async () => {
      const { openTerminal, parseTerminalConfig } = await import('@tillcast/terminal');
      const config = parseTerminalConfig(environment);
      const till = await openTerminal(config);
      if (kiosk === null) return till;
      const logger = createLogger({ service: 'tillcast-kiosk', level: config.logLevel });
      return shownIn(
        new Kiosk({ browser: kiosk, url: till.url, profile: join(config.dataDir, 'kiosk'), logger }),
        till,
      );
    });
    return undefined;
  },
  print: () => undefined,
});

/** A till whose page is shown for as long as it runs. */
function shownIn(kiosk: Kiosk, till: RunningService): RunningService {
  return {
    ...till,
    stop: async () => {
      await kiosk.stop();
      await till.stop();
    },
  };
}
