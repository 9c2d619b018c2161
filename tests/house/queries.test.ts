import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { BackendMetrics } from '../../packages/backend/src/metrics/metrics.ts';
import { FOREIGN_METRICS, metricsIn } from '../cluster/support/queries.ts';
import { repositoryFiles, textOf } from './repository.ts';

const alertsSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          labels: z.object({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.object({ summary: z.string(), description: z.string() }),
        }),
      ),
    }),
  ),
});

const dashboardSchema = z.object({
  uid: z.string(),
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) })),
});

const alerts = alertsSchema.parse(parse(textOf('deploy/prometheus/alerts.yml')));
const dashboards = repositoryFiles()
  .filter((path) => path.startsWith('deploy/grafana/dashboards/'))
  .map((path) => dashboardSchema.parse(JSON.parse(textOf(path))));
const queries = [
  ...alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [alert, expr] as const)),
  ...dashboards.flatMap(({ panels }) =>
    panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ),
];
const { body: told } = await new BackendMetrics().text();

test('there are alerts and dashboards, and no two of one name', () => {
  const names = alerts.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  expect(names.length).toBeGreaterThan(10);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
});

// What HAProxy and RabbitMQ tell, the cluster's test asks of them.
test.each(queries)('[B43] %s asks for what is measured: %s', (_, query) => {
  const names = metricsIn(query);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    if (name === 'up' || FOREIGN_METRICS.includes(name)) continue;
    const family = name.replace(/_(?:bucket|sum|count)$/, '');
    expect(told, name).toMatch(new RegExp(`^# TYPE (?:${name}|${family}) `, 'm'));
  }
});

test('[B43] a query for what is not measured is found', () => {
  expect(metricsIn('sum by (le, code) (rate(tillcast_nothing_bucket{code=~"5.."}[5m])) > 0.05')).toEqual([
    'tillcast_nothing_bucket',
  ]);
  expect(told).not.toMatch(/tillcast_nothing/);
});
