import type { VNode } from 'preact';
import { strings } from '../i18n/strings.ts';
import { Sheet } from '../ui/sheet.tsx';
import { ActivityLog } from './activity-log.tsx';

/** The log on a small screen. */
export function ActivitySheet({ onClose }: { readonly onClose: () => void }): VNode {
  return (
    <Sheet testId="activity-sheet" title={strings.activity.title} onClose={onClose}>
      <ActivityLog />
    </Sheet>
  );
}
