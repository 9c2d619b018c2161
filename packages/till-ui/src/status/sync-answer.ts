import type { SyncNowAnswer } from '@tillcast/protocol/http/terminal-api';
import { strings } from '../i18n/strings.ts';

/** Where "Sync now" stands. */
export type SyncRun =
  | { readonly is: 'idle' }
  | { readonly is: 'asking' }
  | { readonly is: 'answered'; readonly well: boolean; readonly text: string };

export const IDLE: SyncRun = { is: 'idle' };
export const ASKING: SyncRun = { is: 'asking' };
export function unreachable(): SyncRun {
  return { is: 'answered', well: false, text: strings.sheet.syncUnreachable };
}

/** The till's own words, which say more in the cases that went wrong; ours where it says none. */
export function answered(answer: SyncNowAnswer): SyncRun {
  switch (answer.outcome) {
    case 'up_to_date':
      return well(answer.message || strings.sheet.upToDate(answer.version));
    case 'applied':
      return well(answer.message || strings.sheet.applied(answer.applied));
    case 'no_connection':
    case 'refused':
    case 'still_working':
      return { is: 'answered', well: false, text: answer.message };
  }
}

function well(text: string): SyncRun {
  return { is: 'answered', well: true, text };
}
