import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runTillcast } from '../../packages/cli/test/child-cli.ts';
import { root, textOf } from './repository.ts';

const UNIT = 'deploy/till/tillcast-till.service';
const AUTOSTART = 'deploy/till/tillcast-kiosk.desktop';

/** The entries of a unit or desktop file, by section. */
function sectionsOf(path: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of textOf(path).split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, section] = /^\[(.+)\]$/.exec(line) ?? [];
    if (section !== undefined) sections.set(section, (current = new Map()));
    else {
      const [, name, value] = /^([\w-]+)=(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`${path}: ${line}`);
      current.set(name, value);
    }
  }
  return sections;
}

/** Has the command show its help: words that it does not know would be refused first. */
async function expectKnown(line: string): Promise<void> {
  const [program = '', ...words] = line.split(' ');
  expect(program).toMatch(/^(\/usr\/bin\/)?tillcast$/);
  const { code, err } = await runTillcast([...words, '--help'], { cwd: root, env: {} });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const flag of words.filter((word) => word.startsWith('--'))) {
    expect(textOf('docs/cli.md')).toContain(`\`${flag}`);
  }
}

test('[T45] the unit of a till is one that systemd understands, and its command is ours', async () => {
  const service = sectionsOf(UNIT).get('Service');
  await expectKnown(service?.get('ExecStart') ?? '');
  expect(service?.get('Restart')).toBe('always');
  // The drain of a stop fits in what systemd waits.
  expect(Number(service?.get('TimeoutStopSec'))).toBeGreaterThan(10);
  if (!existsSync('/usr/bin/systemd-analyze')) return;
  const folder = mkdtempSync(join(tmpdir(), 'tillcast-unit-'));
  try {
    // Neither the program nor the user are on every machine that runs this.
    const unit = textOf(UNIT).replace('/usr/bin/tillcast', '/bin/true').replace('User=tillcast', 'User=root');
    const path = join(folder, 'tillcast-till.service');
    writeFileSync(path, unit);
    const { status, stderr } = spawnSync('/usr/bin/systemd-analyze', ['verify', '--man=no', path], {
      encoding: 'utf8',
    });
    expect(stderr.split('\n').filter((line) => line.includes('tillcast-till'))).toEqual([]);
    expect(status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('[T45] the autostart file is a desktop entry whose command is ours', async () => {
  const entry = sectionsOf(AUTOSTART).get('Desktop Entry');
  expect(entry?.get('Type')).toBe('Application');
  expect(entry?.get('Exec')).toContain('--kiosk');
  await expectKnown(entry?.get('Exec') ?? '');
});
