import './menu-sheet.css';
import type { VNode } from 'preact';
import { LANGUAGES, language, speak, strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Sheet } from '../ui/sheet.tsx';

/** What is not needed for selling itself. */
export function MenuSheet({ onClose }: { readonly onClose: () => void }): VNode {
  const { till, counter, view } = usePage();
  const text = strings.menu;
  const staff = counter.session.value?.staff ?? null;
  const unsent = till.state.value?.unsent_sales ?? 0;
  return (
    <Sheet testId="menu-sheet" title={text.open} onClose={onClose}>
      <ul class="menu">
        {counter.ready.value ? (
          <>
            <Entry
              icon="receipt"
              name={text.sales}
              testId="menu-sales"
              {...(unsent === 0 ? {} : { more: strings.status.unsent(unsent) })}
              onTap={() => {
                counter.go({ is: 'sales' });
                onClose();
              }}
            />
            <Entry
              icon="table"
              name={text.orders}
              testId="menu-orders"
              onTap={() => {
                counter.go({ is: 'tables' });
                onClose();
              }}
            />
          </>
        ) : null}
        <Entry
          icon="activity"
          name={text.activity}
          testId="open-activity"
          onTap={() => {
            view.sheet.value = { is: 'activity' };
          }}
        />
        {staff === null ? null : (
          <Entry
            icon="leave"
            name={text.signOut(staff.name)}
            testId="sign-out"
            onTap={() => {
              onClose();
              counter.signOut();
            }}
          />
        )}
      </ul>
      <fieldset class="languages">
        <legend class="languages-title">
          <Icon name="globe" size={18} /> {text.language}
        </legend>
        {LANGUAGES.map((each) => (
          <button
            key={each.code}
            type="button"
            class={`language${each.code === language.value.code ? ' is-chosen' : ''}`}
            lang={each.code}
            aria-pressed={each.code === language.value.code}
            data-testid={`language-${each.code}`}
            onClick={() => {
              counter.keepScreen({ language: each.code });
              void speak(each, navigator.languages);
            }}
          >
            {each.name}
          </button>
        ))}
      </fieldset>
    </Sheet>
  );
}

interface EntryProps {
  readonly icon: IconName;
  readonly name: string;
  readonly more?: string;
  readonly testId: string;
  readonly onTap: () => void;
}

function Entry({ icon, name, more, testId, onTap }: EntryProps): VNode {
  return (
    <li>
      <button type="button" class="menu-entry" data-testid={testId} onClick={onTap}>
        <Icon name={icon} size={24} />
        <span class="menu-name" dir="auto">
          {name}
        </span>
        {more === undefined ? null : <span class="menu-more figures">{more}</span>}
      </button>
    </li>
  );
}
