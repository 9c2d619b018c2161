import { expect } from 'vitest';
import type { Cluster } from './cluster.ts';
import { FOREIGN_METRICS } from './queries.ts';

/** Fails where HAProxy and RabbitMQ do not tell what the dashboards and alerts ask of them. */
export async function checkMeasurements({ balancer, nodes, fetch }: Cluster): Promise<void> {
  const told = [await balancer.metrics()];
  for (const { address } of nodes.values())
    told.push(await (await fetch(`https://${address}:15691/metrics`)).text());
  const all = told.join('\n');
  const missing = FOREIGN_METRICS.filter((name) => !new RegExp(`^${name}(?:\\{| )`, 'm').test(all));
  expect(missing).toEqual([]);
}
