import { type EnvironmentReader, type PlaintextRule, shown } from '@tillcast/broker';
import { Client } from 'pg';
import { z } from 'zod';

const VARIABLE = 'DATABASE_URL';

/** What of TLS takes the verification back; everything else that is an object verifies. */
const notVerifyingSchema = z.union([
  z.object({ rejectUnauthorized: z.literal(false) }),
  z.object({ checkServerIdentity: z.custom<object>((check) => typeof check === 'function') }),
]);

/**
 * Judges where `DATABASE_URL` leads: on this machine, over the loopback or a Unix socket, anything goes; to
 * another one only TLS that verifies the server's authority and name. What the driver makes of the address is
 * what counts, with its `PGHOST`, `PGSSLMODE` and `ssl…` parameters.
 */
export function judgeDatabaseAddress(reader: EnvironmentReader, url: string, plaintext: PlaintextRule): void {
  const opened = open(reader, url);
  if (opened === null || opened.host.startsWith('/')) return;
  const how = shortcoming(reader, opened.ssl);
  if (how === null) return;
  plaintext.judge(VARIABLE, opened.host, {
    danger: `would carry the login and every license’s rows to ${shown(opened.host)} ${how}`,
    remedy:
      'end the address with ?sslmode=verify-full, and &sslrootcert=<file> where the system does not know the server’s authority',
  });
}

/** Why others could read along; null where they cannot. */
function shortcoming(reader: EnvironmentReader, ssl: unknown): string | null {
  if (ssl === false) return 'in plain text';
  const verifies =
    !notVerifyingSchema.safeParse(ssl).success && reader.text('NODE_TLS_REJECT_UNAUTHORIZED') !== '0';
  return verifies ? null : 'over TLS that does not verify who answers, which is no better than plain text';
}

/** As the driver understands it; nothing is connected. Null: a problem was named. */
function open(
  reader: EnvironmentReader,
  url: string,
): { readonly host: string; readonly ssl: unknown } | null {
  try {
    return new Client({ connectionString: url });
  } catch (error) {
    // The driver's messages name a parameter or a file, never the address.
    const why = error instanceof Error ? error.message : String(error);
    reader.problem(VARIABLE, `cannot be used: ${why}`);
    return null;
  }
}
