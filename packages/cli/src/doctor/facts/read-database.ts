import { type DatabaseInspection, inspectDatabase, parseSecretKey } from '@tillcast/backend';
import { EnvironmentReader } from '@tillcast/broker';
import type { Place } from '../place.ts';
import { type Known, known, unknown } from './facts.ts';

/** The database of `DATABASE_URL`. The embedded one is its backend's alone, whose readiness tells of it. */
export async function readDatabase(place: Place): Promise<Known<DatabaseInspection>> {
  const reader = new EnvironmentReader(place.env);
  const url = reader.secret('DATABASE_URL');
  if (url === null) {
    return unknown(
      place.backendDir === null
        ? 'DATABASE_URL is not set here'
        : 'without DATABASE_URL the backend has an embedded database, of which only its readiness can tell',
    );
  }
  if (!/^postgres(?:ql)?:$/.test(URL.parse(url)?.protocol ?? '')) {
    return unknown('DATABASE_URL is no address of a PostgreSQL; see the configuration');
  }
  const secret = reader.secret('TILLCAST_SECRET_KEY');
  const secretKey = secret === null ? null : parseSecretKey(secret);
  return known(await inspectDatabase({ url, secretKey, dataDir: place.backendDir ?? '.tillcast' }));
}
