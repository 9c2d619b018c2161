import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { parsePort, usageError } from '../input/parse.ts';

/** One till of the demo: its license, whose catalog it gets on the first start, and where its page is. */
export interface DemoTill {
  readonly license: LicenseKey;
  /** The merchant, who gives the license its name. */
  readonly merchant: string;
  readonly terminalName: string;
  /** Absolute. */
  readonly catalog: string;
  readonly port: number;
}

export interface DemoPlan {
  /** Absolute. */
  readonly dataDir: string;
  readonly port: number;
  readonly tills: readonly [DemoTill, DemoTill];
  readonly fresh: boolean;
}

export const DEFAULT_PORT = 8080;
export const DEFAULT_TILL_PORTS = [8101, 8102] as const;

const DEMO_DIR = fileURLToPath(new URL('../../../../demo', import.meta.url));

/** The recording that the banner offers to replay. */
export const PRICE_CHANGES: string = join(DEMO_DIR, 'online-retail', 'price_changes.csv.gz');

/**
 * Two merchants, so that one can see that neither gets the other's changes.
 * @throws TillcastError `usage` when two services would have one port
 */
export function planDemo(options: {
  readonly dataDir: string;
  readonly port: string | undefined;
  readonly tillPorts: readonly string[];
  readonly fresh: boolean;
}): DemoPlan {
  const port = options.port === undefined ? DEFAULT_PORT : parsePort(options.port, '--port');
  const given = options.tillPorts.map((text) => parsePort(text, '--till-ports'));
  if (given.length !== 0 && given.length !== 2) {
    throw usageError(
      `--till-ports takes two ports, such as ${DEFAULT_TILL_PORTS.join(',')}, and got ${given.length}.`,
    );
  }
  const [first = DEFAULT_TILL_PORTS[0], second = DEFAULT_TILL_PORTS[1]] = given;
  if (new Set([port, first, second]).size !== 3) {
    throw usageError(
      `The backend and the tills need three ports, and got ${[port, first, second].join(', ')}.`,
    );
  }
  return {
    dataDir: options.dataDir,
    port,
    fresh: options.fresh,
    tills: [
      {
        license: parseLicenseKey('EXTRO-LIFE-ABC123'),
        merchant: 'Online Retail',
        terminalName: 'Counter 1',
        catalog: join(DEMO_DIR, 'online-retail', 'products.csv'),
        port: first,
      },
      {
        license: parseLicenseKey('EXTRO-LIFE-XYZ789'),
        merchant: 'Café Nord',
        terminalName: 'Bar',
        catalog: join(DEMO_DIR, 'cafe-nord', 'menu.jsonl'),
        port: second,
      },
    ],
  };
}
