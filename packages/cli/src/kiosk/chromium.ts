import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';

type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const ELSEWHERE = [
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** What shows a till's page full screen. */
export interface KioskBrowser {
  readonly program: string;
  /** What the operator wants it to be started with besides. */
  readonly flags: readonly string[];
}

/**
 * The Chromium of this machine: the one that `TILLCAST_CHROMIUM` names, else the first that is installed.
 * @throws TillcastError `browser_missing` where there is none, or no screen for it
 */
export function findKioskBrowser(environment: Environment, platform: string): KioskBrowser {
  const named = environment['TILLCAST_CHROMIUM'] ?? '';
  const program = named === '' ? installed(environment) : isProgram(named) ? named : null;
  if (program === null) {
    throw new TillcastError(
      'browser_missing',
      named === ''
        ? '--kiosk needs Chromium, and there is none on this machine: install it (on Debian: apt-get install chromium), or name another in TILLCAST_CHROMIUM. Without --kiosk the till runs all the same, and any browser shows its page.'
        : `TILLCAST_CHROMIUM names ${named}, which is no program that can be started: give the path of Chromium, or leave it out.`,
    );
  }
  const flags = (environment['TILLCAST_CHROMIUM_FLAGS'] ?? '').split(/\s+/).filter((flag) => flag !== '');
  const hasScreen = ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (environment[name] ?? '') !== '');
  if (platform === 'linux' && !hasScreen && !flags.some((flag) => flag.startsWith('--headless'))) {
    throw new TillcastError(
      'browser_missing',
      '--kiosk needs a screen, and neither DISPLAY nor WAYLAND_DISPLAY names one: start it in the session of whoever sits at the till, for example by deploy/till/tillcast-kiosk.desktop.',
    );
  }
  return { program, flags };
}

function installed(environment: Environment): string | null {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const places = [...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))), ...ELSEWHERE];
  return places.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isAbsolute(path);
  } catch {
    return false;
  }
}
