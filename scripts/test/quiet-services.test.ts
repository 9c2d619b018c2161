import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepServicesQuiet } from '../setup/quiet-services.mjs';

let system: string;
let policy: string;
let clusterFolder: string;

beforeEach(() => {
  system = mkdtempSync(join(tmpdir(), 'tillcast-system-'));
  policy = join(system, 'usr/sbin/policy-rc.d');
  clusterFolder = join(system, 'etc/postgresql-common/createcluster.d');
  mkdirSync(join(system, 'usr/sbin'), { recursive: true });
});

afterEach(() => rmSync(system, { recursive: true }));

function writePolicy(script: string): void {
  writeFileSync(policy, script);
  chmodSync(policy, 0o750);
}

test('while packages are installed no service starts and no cluster is made; then all is as before', () => {
  const restore = keepServicesQuiet(['rabbitmq-server'], system);
  expect(readFileSync(policy, 'utf8')).toBe('#!/bin/sh\nexit 101\n');
  expect(statSync(policy).mode & 0o111).toBe(0o111);
  expect(readFileSync(join(clusterFolder, 'tillcast-set-up.conf'), 'utf8')).toBe(
    'create_main_cluster = false\n',
  );
  restore();
  restore();
  expect(existsSync(policy)).toBe(false);
  expect(existsSync(clusterFolder)).toBe(false);
});

test("a machine's own policy that lets services start comes back as it was, its mode included", () => {
  writePolicy('#!/bin/sh\nexit 0\n');
  const restore = keepServicesQuiet(['rabbitmq-server'], system);
  expect(readFileSync(policy, 'utf8')).toContain('exit 101');
  restore();
  expect(readFileSync(policy, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
  expect(statSync(policy).mode & 0o777).toBe(0o750);
});

test("a machine's own policy that forbids it already is not touched", () => {
  writePolicy('#!/bin/sh\n# ours\nexit 101\n');
  const restore = keepServicesQuiet(['rabbitmq-server'], system);
  expect(readFileSync(policy, 'utf8')).toContain('# ours');
  restore();
  expect(readFileSync(policy, 'utf8')).toContain('# ours');
});

test('what a set-up that was killed left behind is put right by the next one', () => {
  writePolicy('#!/bin/sh\nexit 0\n');
  keepServicesQuiet(['rabbitmq-server'], system);
  const restore = keepServicesQuiet(['rabbitmq-server'], system);
  restore();
  expect(readFileSync(policy, 'utf8')).toBe('#!/bin/sh\nexit 0\n');
  expect(existsSync(clusterFolder)).toBe(false);
});

test('cluster settings that others put there stay', () => {
  mkdirSync(clusterFolder, { recursive: true });
  writeFileSync(join(clusterFolder, 'site.conf'), 'ssl = off\n');
  keepServicesQuiet(['postgresql'], system)();
  expect(readFileSync(join(clusterFolder, 'site.conf'), 'utf8')).toBe('ssl = off\n');
});
