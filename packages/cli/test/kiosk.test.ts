import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findKioskBrowser } from '../src/kiosk/chromium.ts';
import { runTillcast } from './child-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tillcast-kiosk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = join(folder, 'chromium');
writeFileSync(program, '#!/bin/sh\n');
chmodSync(program, 0o755);
const SCREEN = { DISPLAY: ':0' };

test('[T45] the first Chromium of PATH is taken, or the one that is named', () => {
  expect(findKioskBrowser({ PATH: `/nowhere:${folder}`, ...SCREEN }, 'linux')).toEqual({
    program,
    flags: [],
  });
  expect(
    findKioskBrowser(
      { TILLCAST_CHROMIUM: program, TILLCAST_CHROMIUM_FLAGS: ' --a  --b=c ', ...SCREEN },
      'linux',
    ),
  ).toEqual({ program, flags: ['--a', '--b=c'] });
});

test('[T45] a name that is no program, and a machine without a screen, are told in words', () => {
  expect(() => findKioskBrowser({ TILLCAST_CHROMIUM: join(folder, 'none'), ...SCREEN }, 'linux')).toThrow(
    /no program that can be started/,
  );
  expect(() => findKioskBrowser({ PATH: folder }, 'linux')).toThrow(/needs a screen/);
  expect(findKioskBrowser({ PATH: folder, WAYLAND_DISPLAY: 'wayland-0', DISPLAY: '' }, 'linux').program).toBe(
    program,
  );
});

test('[T45] without Chromium nothing is started, and it is said what to install', async () => {
  const env = { TILLCAST_CHROMIUM: join(folder, 'none'), DISPLAY: ':0' };
  const { code, out, err } = await runTillcast(['terminal', '--kiosk', '--data-dir', join(folder, 'till')], {
    cwd: folder,
    env,
  });
  expect({ code, out }).toEqual({ code: 6, out: '' });
  expect(err).toContain('TILLCAST_CHROMIUM');
});
