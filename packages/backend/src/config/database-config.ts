import { join } from 'node:path';
import type { EnvironmentReader, PlaintextRule } from '@tillcast/broker';
import { judgeDatabaseAddress } from './database-address.ts';

/** Which database, and where. */
export type DatabaseConfig =
  | { readonly engine: 'postgresql'; readonly url: string }
  | { readonly engine: 'embedded'; readonly dataDir: string };

/** `DATABASE_URL`, else the embedded one in the data directory, which production refuses. */
export function readDatabase(
  reader: EnvironmentReader,
  around: {
    readonly production: boolean;
    readonly dataDir: string;
    readonly plaintext: PlaintextRule;
  },
): DatabaseConfig {
  const { production, dataDir, plaintext } = around;
  const form = 'postgresql://user:password@host:5432/tillcast';
  const url = reader.secret('DATABASE_URL');
  if (url === null) {
    if (production && !reader.hasSecret('DATABASE_URL')) {
      const rule = 'with NODE_ENV=production the database must be PostgreSQL';
      reader.problem('DATABASE_URL', `is missing: ${rule}, for example ${form}`);
    }
    return { engine: 'embedded', dataDir: join(dataDir, 'database') };
  }
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== 'postgresql:' && protocol !== 'postgres:') {
    // Not shown: it may hold a password.
    reader.problem('DATABASE_URL', `must be an address of the form ${form}`);
  } else judgeDatabaseAddress(reader, url, plaintext);
  return { engine: 'postgresql', url };
}
