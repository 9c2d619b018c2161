import { setTimeout as sleep } from 'node:timers/promises';
import type { ManagementClient } from '../management.ts';
import { auditNodes } from './audit-node.ts';
import { auditPolicies } from './audit-policies.ts';
import { auditRouting } from './audit-routing.ts';
import { auditUsers } from './audit-users.ts';
import { type BrokerState, readBrokerState } from './broker-state.ts';
import type { DesiredBroker } from './desired-broker.ts';
import { desiredLines } from './desired-lines.ts';
import { AUDIT_AREAS, type AuditArea, type Finding } from './finding.ts';

/** A node tells its plugins some 5 s after its start. */
const STATISTICS_TIMEOUT_MS = 15_000;
const STATISTICS_POLL_MS = 500;

/** What an audit may take as given. */
export interface AuditOptions {
  /** The operator's own users, which are not reported. The asking user is not either. */
  readonly knownUsers?: readonly string[];
  /** Listeners without TLS beyond this machine are not reported. */
  readonly allowPlaintext?: boolean;
}

/**
 * Compares a broker with what it should be; changes nothing. What RabbitMQ does not tell over its management
 * API (`max_message_size`, `channel_max`, how tokens are checked) is not in it: that is seen by trying.
 * @returns the findings; none for a broker that is as it should be
 */
export async function auditBroker(
  management: ManagementClient,
  desired: DesiredBroker,
  options: AuditOptions = {},
): Promise<readonly Finding[]> {
  return findingsIn(await readSettledState(management, desired.vhost), desired, options);
}

/** The state, of a node that has just started only once it tells its plugins. */
export async function readSettledState(management: ManagementClient, vhost: string): Promise<BrokerState> {
  const until = performance.now() + STATISTICS_TIMEOUT_MS;
  for (;;) {
    const state = await readBrokerState(management, vhost);
    // One that is down tells nothing, however long one waits.
    const isSettled = state.nodes.every(({ plugins, running }) => plugins !== null || !running);
    if (isSettled || performance.now() >= until) return state;
    await sleep(STATISTICS_POLL_MS);
  }
}

/** The findings in a state that was read. */
export function findingsIn(
  state: BrokerState,
  desired: DesiredBroker,
  options: AuditOptions = {},
): readonly Finding[] {
  const byArea = findingsByArea(state, desired, options);
  return AUDIT_AREAS.flatMap((area) => byArea[area]);
}

/** The same, by what they are about. */
export function findingsByArea(
  state: BrokerState,
  desired: DesiredBroker,
  options: AuditOptions = {},
): Readonly<Record<AuditArea, readonly Finding[]>> {
  const lines = (about: AuditArea): readonly Finding[] =>
    desiredLines(desired).flatMap((line): readonly Finding[] => {
      const observed = line.area === about ? line.differs(state) : null;
      const { what, expected } = line;
      return observed === null ? [] : [{ what, expected, observed, mend: 'tillcast broker provision' }];
    });
  return {
    host: lines('host'),
    policies: [...lines('policies'), ...auditPolicies(state, desired)],
    exchange: lines('exchange'),
    users: [...lines('users'), ...auditUsers(state, desired, options.knownUsers ?? [])],
    routing: auditRouting(state, desired),
    node: auditNodes(state, desired, options.allowPlaintext ?? false),
  };
}
