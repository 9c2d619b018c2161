import type { Check } from '../check.ts';
import { api } from './api.ts';
import { brokerAlarms } from './broker-alarms.ts';
import { brokerCluster } from './broker-cluster.ts';
import { brokerExchange } from './broker-exchange.ts';
import { brokerHost } from './broker-host.ts';
import { brokerManaged } from './broker-managed.ts';
import { brokerNode } from './broker-node.ts';
import { brokerPolicies } from './broker-policies.ts';
import { brokerPublishing } from './broker-publishing.ts';
import { brokerReached } from './broker-reached.ts';
import { brokerRouting } from './broker-routing.ts';
import { brokerUsers } from './broker-users.ts';
import { brokerVersion } from './broker-version.ts';
import { certificates } from './certificates.ts';
import { clock } from './clock.ts';
import { configuration } from './configuration.ts';
import { database } from './database.ts';
import { disk } from './disk.ts';
import { license } from './license.ts';
import { schema } from './schema.ts';
import { secretKey } from './secret-key.ts';
import { tillFiles } from './till-files.ts';
import { tillIdentity } from './till-identity.ts';
import { tillLine } from './till-line.ts';
import { tillRunning } from './till-running.ts';
import { variables } from './variables.ts';

/** All checks, in the order in which one thing stands on the other. */
export const CHECKS: readonly Check[] = [
  configuration,
  variables,
  disk,
  clock,
  certificates,
  database,
  schema,
  secretKey,
  brokerReached,
  brokerManaged,
  brokerVersion,
  brokerCluster,
  brokerAlarms,
  brokerHost,
  brokerExchange,
  brokerUsers,
  brokerPolicies,
  brokerRouting,
  brokerNode,
  brokerPublishing,
  api,
  license,
  tillIdentity,
  tillLine,
  tillFiles,
  tillRunning,
];
