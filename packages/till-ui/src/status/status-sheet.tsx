import './status-sheet.css';
import '../ui/button.css';
import type { TerminalState } from '@tillcast/protocol/http/terminal-api';
import type { ComponentChildren, VNode } from 'preact';
import { formatAge } from '../format/duration.ts';
import { formatNumber } from '../i18n/numbers.ts';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { digestText, lastContactText, nextTryText } from './facts.ts';
import type { SyncRun } from './sync-answer.ts';

/** What stands behind the chip's word, and the button to ask the server now. */
export function StatusSheet({ onClose }: { readonly onClose: () => void }): VNode {
  const { till, counter } = usePage();
  const { word, label, reason } = till.status.value;
  const state = till.state.value;
  return (
    <Sheet
      testId="status-sheet"
      onClose={onClose}
      title={label}
      foot={<SyncNow run={till.sync.value} onSync={() => till.syncNow()} />}
    >
      <div class={`status-reason status-${word}`}>
        <span class="status-mark">
          <Icon name={word} size={22} />
        </span>
        <p dir="auto">{reason}</p>
      </div>
      {state === null ? null : <Facts state={state} />}
      {counter.ready.value && !counter.locked.value ? (
        <button
          type="button"
          class="button is-wide"
          data-testid="show-sales"
          onClick={() => {
            counter.go({ is: 'sales' });
            onClose();
          }}
        >
          <Icon name="receipt" /> {strings.sheet.showSales}
        </button>
      ) : null}
    </Sheet>
  );
}

function Facts({ state }: { readonly state: TerminalState }): VNode {
  const text = strings.sheet;
  const { till } = usePage();
  const nowMs = till.wallMs.value;
  const nextTry = nextTryText(state.next_retry_at, nowMs);
  return (
    <dl class="facts">
      <Fact name={text.lastContact} testId="last-contact">
        {lastContactText(state.last_proof_at, nowMs)}
      </Fact>
      {nextTry === null ? null : <Fact name={text.nextTry}>{nextTry}</Fact>}
      <Fact name={text.version} testId="catalog-version">
        {state.version === null ? text.noVersion : strings.version(state.version)}
      </Fact>
      <Fact name={text.content} testId="content-verified">
        <Content state={state} />
      </Fact>
      <Fact name={text.channel}>{state.broker_attached ? text.yes : text.no}</Fact>
      {state.clock_ahead_s === null ? null : (
        <Fact name={text.clock} testId="clock-off">
          {text.clockOff(formatAge(Math.abs(state.clock_ahead_s) * 1_000), state.clock_ahead_s > 0)}
          <span class="fact-more">{text.clockHint}</span>
        </Fact>
      )}
      {state.unsent_sales === 0 ? null : (
        <Fact name={text.unsent} testId="unsent-sales">
          {formatNumber(state.unsent_sales)}
        </Fact>
      )}
      <Fact name={text.holds}>
        {strings.counts.product(state.items.product)}
        <span class="fact-more">
          {[
            strings.counts.category(state.items.category),
            strings.counts.modifier(state.items.modifier),
            strings.counts.table(state.items.table),
            strings.counts.user(state.items.user),
          ].join(', ')}
        </span>
      </Fact>
      <Fact name={strings.license}>
        <span class="exact">{state.license_key}</span>
      </Fact>
    </dl>
  );
}

/** A digest is proof of the version that it belongs to, offline too; not while the till itself doubts it. */
function Content({ state }: { readonly state: TerminalState }): VNode {
  const text = strings.sheet;
  if (state.digest === null || state.version === null) return <>{text.contentNotYet}</>;
  return (
    <>
      {state.status === 'needs_attention' ? (
        text.contentLast(state.version)
      ) : (
        <span class="fact-checked">
          <Icon name="check" size={18} /> {text.contentAt(state.version)}
        </span>
      )}
      <span class="fact-more exact">{digestText(state.digest)}</span>
    </>
  );
}

interface FactProps {
  readonly name: string;
  readonly testId?: string;
  readonly children: ComponentChildren;
}

function Fact({ name, testId, children }: FactProps): VNode {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class="figures" data-testid={testId}>
        {children}
      </dd>
    </div>
  );
}

function SyncNow({ run, onSync }: { readonly run: SyncRun; readonly onSync: () => void }): VNode {
  const text = strings.sheet;
  return (
    <>
      <p class="sync-answer" role="status" data-testid="sync-answer">
        {run.is === 'asking' ? text.syncing : null}
        {run.is === 'answered' ? (
          <>
            <span class={`status-mark ${run.well ? 'status-live' : 'status-offline'}`}>
              <Icon name={run.well ? 'check' : 'info'} size={20} />
            </span>
            <span dir="auto">{run.text}</span>
          </>
        ) : null}
      </p>
      <button
        type="button"
        class="button is-main is-wide"
        data-testid="sync-now"
        aria-disabled={run.is === 'asking'}
        onClick={onSync}
      >
        <Icon name="catching_up" /> {text.syncNow}
      </button>
    </>
  );
}
