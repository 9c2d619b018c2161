import { TillcastError } from '@tillcast/protocol/errors';
import type { ManagementClient } from '../management.ts';
import { readBrokerState } from './broker-state.ts';
import type { DesiredBroker } from './desired-broker.ts';
import { desiredLines } from './desired-lines.ts';

/** What one provisioning did. */
export interface Provisioned {
  /** The lines that were not as they should be, now mended; empty for a broker that was as it should be. */
  readonly changed: readonly { readonly what: string; readonly was: string; readonly is: string }[];
  /** Users that were given a password. */
  readonly passwordsSet: readonly string[];
}

/**
 * Makes a broker what it should be, and nothing else: what is right is left alone, so doing it again changes
 * nothing. A user gets its permissions before it gets a password. Passwords come last, and only those given.
 *
 * @param passwords by the user's name
 * @throws `broker_access_refused` where the asking user is no administrator; `broker_unsafe` where a line cannot
 *   be mended: the exchange is there with another type, say, or the asking user is the one to be deleted
 */
export async function provisionBroker(
  management: ManagementClient,
  desired: DesiredBroker,
  passwords: Readonly<Record<string, string>> = {},
): Promise<Provisioned> {
  const before = await readBrokerState(management, desired.vhost);
  if (desired.absentUsers.includes(before.observer)) {
    throw new TillcastError(
      'broker_unsafe',
      `The broker's user ${before.observer} is to be removed, so it cannot be the one that provisions. Make an administrator of another name first: rabbitmqctl add_user NAME PASSWORD && rabbitmqctl set_user_tags NAME administrator`,
    );
  }
  const changed: { what: string; was: string; is: string }[] = [];
  for (const line of desiredLines(desired)) {
    const was = line.differs(before);
    if (was === null) continue;
    await line.mend(management);
    changed.push({ what: line.what, was, is: line.expected });
  }
  if (changed.length > 0) await refuseRemaining(management, desired);
  const passwordsSet: string[] = [];
  for (const { name, tags } of desired.users) {
    const password = passwords[name];
    if (password === undefined) continue;
    await management.createUser({ name, password, tags });
    passwordsSet.push(name);
  }
  return { changed, passwordsSet };
}

/** A line that is still wrong after it was mended must stop what follows: the passwords. */
async function refuseRemaining(management: ManagementClient, desired: DesiredBroker): Promise<void> {
  const after = await readBrokerState(management, desired.vhost);
  const wrong = desiredLines(desired).flatMap((line) => {
    const observed = line.differs(after);
    return observed === null ? [] : [{ pointer: line.what, detail: `is ${observed}, not ${line.expected}` }];
  });
  if (wrong.length === 0) return;
  throw new TillcastError(
    'broker_unsafe',
    `The broker does not become what it should be; no password was set. ${wrong.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')}. Delete what is in the way, and provision again.`,
    { details: wrong },
  );
}
