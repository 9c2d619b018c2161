import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';
import type { NodePorts } from './ports.ts';

/** What a private node keeps from one start to the next. */
export interface NodeSettings {
  /** RabbitMQ keeps its database under this name: another name would be an empty node. */
  readonly nodename: string;
  readonly username: string;
  readonly password: string;
  /** The ports of the last run. */
  readonly ports: Partial<NodePorts>;
}

/** The settings of a node whose ports are chosen. */
export interface RunningSettings extends NodeSettings {
  readonly ports: NodePorts;
}

const port = z.number().int().min(1).max(65_535).exactOptional();
const settingsSchema: z.ZodType<NodeSettings> = z.object({
  nodename: z.string().regex(/^[a-z0-9-]+@localhost$/),
  username: z.string().min(1),
  password: z.string().min(1),
  ports: z.object({ amqp: port, management: port, distribution: port, epmd: port }),
});

function settingsPath(dataDir: string): string {
  return `${dataDir}/node.json`;
}

/** The settings kept in a data directory, or new ones with a random password. Nothing is written. */
export async function loadSettings(dataDir: string): Promise<NodeSettings> {
  const path = settingsPath(dataDir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    return {
      nodename: `tillcast-${randomBytes(6).toString('hex')}@localhost`,
      username: 'tillcast',
      password: randomBytes(24).toString('base64url'),
      ports: {},
    };
  }
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new TillcastError(
      'configuration_invalid',
      `${path} is damaged, and with it the node's name and password are lost. Restore it, or remove ${dataDir} to start with an empty node.`,
      { cause: error },
    );
  }
}

/** Keeps the settings, readable to the owner alone. */
export async function saveSettings(dataDir: string, settings: NodeSettings): Promise<void> {
  const path = settingsPath(dataDir);
  await writeFile(`${path}.new`, JSON.stringify(settings, null, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
