import type { UserDefinition, UserLimits } from '../management.ts';
import { BLOCK_TAG } from './desired-broker.ts';

/**
 * What one terminal may have open, whatever token it brings. RabbitMQ looks limits up by the connection's user
 * name, so they stand with a user of the terminal's id that nobody can log in as.
 *
 * A till has one connection. When its line breaks, the broker holds the dead one for up to two heartbeats (20 s);
 * a second break within that time leaves another: three. On each it has one channel, and another one for a moment.
 */
export const TERMINAL_LIMITS: Required<UserLimits> = { 'max-connections': 3, 'max-channels': 8 };

/** What keeps a terminal out. */
export const BLOCK_LIMITS: Required<UserLimits> = { 'max-connections': 0, 'max-channels': 0 };

const TERMINAL_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a user's name is a terminal's id. */
export function isTerminalId(name: string): boolean {
  return TERMINAL_ID.test(name);
}

/** The user that holds a terminal's limits: no password, no tag, no permission. */
export function limitingUser(terminalId: string): UserDefinition {
  return { name: terminalId, tags: [], limits: TERMINAL_LIMITS };
}

/** The user that keeps a terminal out; its tag tells what it is. */
export function blockingUser(terminalId: string): UserDefinition {
  return { name: terminalId, tags: [BLOCK_TAG], limits: BLOCK_LIMITS };
}

/** Whether these are exactly a user's limits. */
export function hasLimits(limits: Readonly<Record<string, number>>, wanted: UserLimits): boolean {
  return (
    limits['max-connections'] === wanted['max-connections'] &&
    limits['max-channels'] === wanted['max-channels']
  );
}
