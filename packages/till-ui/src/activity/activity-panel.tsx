import './activity-panel.css';
import type { VNode } from 'preact';
import { usePage } from '../page/context.ts';
import { strings } from '../strings.ts';
import { ActivityLog } from './activity-log.tsx';

/** The log at the page's end, and under it how much this till holds. */
export function ActivityPanel(): VNode {
  return (
    <aside class="panel" aria-labelledby="activity-title">
      <h2 id="activity-title" class="panel-title">
        {strings.activity.title}
      </h2>
      <div class="panel-body" tabIndex={0} role="group" aria-labelledby="activity-title">
        <ActivityLog />
      </div>
      <Holdings />
    </aside>
  );
}

/** Counts of what has no place of its own on this page. */
export function Holdings(): VNode | null {
  const items = usePage().till.state.value?.items;
  if (items === undefined || items.table + items.user === 0) return null;
  return (
    <p class="panel-foot figures">
      {[
        ...(items.table === 0 ? [] : [strings.counts.table(items.table)]),
        ...(items.user === 0 ? [] : [strings.counts.user(items.user)]),
      ].join(' · ')}
    </p>
  );
}
