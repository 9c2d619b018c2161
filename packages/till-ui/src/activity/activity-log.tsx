import './activity-log.css';
import type { Activity } from '@tillcast/protocol/http/terminal-api';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Empty } from '../ui/empty.tsx';
import { type ActivityView, activityView } from './activity-view.ts';

/** What has changed on this till, newest first. */
export function ActivityLog(): VNode {
  const { till } = usePage();
  const products = till.catalog.catalog.value?.products;
  const log = till.activity.log.value ?? [];
  if (log.length === 0) {
    return <Empty icon="activity" title={strings.activity.empty} hint={strings.activity.emptyHint} />;
  }
  return (
    <ol class="log" data-testid="activity-log">
      {log.map((activity) => (
        <Line
          key={activity.id}
          activity={activity}
          productName={products?.get(activity.item_id ?? '')?.name ?? null}
        />
      ))}
    </ol>
  );
}

interface LineProps {
  readonly activity: Activity;
  readonly productName: string | null;
}

/** A line never changes but for its product's name: in a burst of changes only the new ones are drawn. */
function Line({ activity, productName }: LineProps): VNode {
  return useMemo(() => <LineOf line={activityView(activity, productName)} />, [activity, productName]);
}

function LineOf({ line }: { readonly line: ActivityView }): VNode {
  const text = strings.activity;
  return (
    <li class="log-line" data-testid="activity">
      <p class="log-head">
        <span>{line.type}</span>
        <span class="figures">{line.version}</span>
      </p>
      <p class="log-title" dir="auto">
        {line.title}
      </p>
      {line.prices === null ? null : (
        <p class="log-prices figures">
          {line.prices.old === null ? null : (
            <>
              <s>{line.prices.old}</s> <span class="arrow">→</span>{' '}
            </>
          )}
          <strong>{line.prices.new}</strong>
        </p>
      )}
      <p class="log-times figures">
        <span>
          {line.committedAt === null ? null : (
            <>
              <span class="unseen">{text.committed} </span>
              {line.committedAt} <span class="arrow">→</span>{' '}
            </>
          )}
          {line.receivedAt === null ? null : (
            <>
              <span class="unseen">{text.received} </span>
              {line.receivedAt} <span class="arrow">→</span>{' '}
            </>
          )}
          <span class="unseen">{text.applied} </span>
          {line.appliedAt}
        </span>
        {line.took === null ? null : <span class="log-took">{line.took}</span>}
      </p>
    </li>
  );
}
