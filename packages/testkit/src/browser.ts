import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const CHROMIUM_PROGRAMS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The installed Chromium; none is ever downloaded. */
export function chromiumProgram(): string {
  const program = CHROMIUM_PROGRAMS.find((path) => existsSync(path));
  if (program === undefined) {
    throw new Error('Chromium is not installed: install it (on Debian: apt-get install chromium).');
  }
  return program;
}

/** Starts a headless Chromium; close it with `close()` or `await using`. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumProgram(), args: CHROMIUM_FLAGS });
}
