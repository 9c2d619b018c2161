import { chown, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrivatePostgres, postgresUser, startPrivatePostgres } from '@tillcast/testkit';

/** PostgreSQL over TLS, as the compose file starts it. @param tls the folder with its certificate */
export async function startPostgres(stack: AsyncDisposableStack, tls: string): Promise<PrivatePostgres> {
  // Where its user can read, who is another than ours where we are root.
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-cluster-postgres-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const files = ['postgresql.pem', 'postgresql.key.pem'].map((name) => join(folder, name));
  for (const [index, name] of ['postgresql.pem', 'postgresql.key.pem'].entries())
    await copyFile(join(tls, name), files[index] ?? '');
  const user = postgresUser();
  if (user !== undefined) for (const path of [folder, ...files]) await chown(path, user.uid, user.gid);
  const [certificate = '', key = ''] = files;
  return stack.use(
    await startPrivatePostgres({ settings: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key } }),
  );
}
