import type { CliContext } from '../context.ts';
import { AdminClient } from './admin-client.ts';
import { locateBackend } from './locate.ts';

/** Does something with the admin API, and gives its connections up. */
export async function withClient<T>(
  context: CliContext,
  use: (client: AdminClient) => Promise<T>,
): Promise<T> {
  using client = new AdminClient(await locateBackend(context));
  return await use(client);
}
