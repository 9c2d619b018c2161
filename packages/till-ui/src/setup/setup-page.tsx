import './setup-page.css';
import '../ui/button.css';
import '../ui/field.css';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { allRight, type Check, checkField, type SetupField, type SetupFields } from './checks.ts';

/** A till without a license: what its supplier gave is typed in, checked as it is typed, and explained. */
export function SetupPage({ server }: { readonly server: string }): VNode {
  const { counter } = usePage();
  const text = strings.setup;
  const [fields, setFields] = useState<SetupFields>({ key: '', code: '', name: '', server });
  const [left, setLeft] = useState<ReadonlySet<SetupField>>(new Set());
  const [asking, setAsking] = useState(false);
  const [refused, setRefused] = useState('');

  const field = (name: SetupField, label: string, hint: string, wrong: string): VNode => (
    <Field
      name={name}
      label={label}
      hint={hint}
      wrong={wrong}
      check={checkField(name, fields)}
      wasLeft={left.has(name)}
      value={fields[name]}
      onInput={(value) => {
        setRefused('');
        setFields({ ...fields, [name]: value });
      }}
      onLeave={() => setLeft(new Set([...left, name]))}
    />
  );
  const activate = async (): Promise<void> => {
    if (asking || !allRight(fields)) return;
    setAsking(true);
    const refusal = await counter.activate(fields);
    setAsking(false);
    setRefused(refusal ?? '');
  };
  return (
    <main class="setup" data-testid="setup">
      <form
        class="setup-inside"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void activate();
        }}
      >
        <h1 class="setup-title">{text.title}</h1>
        <p class="setup-intro">{text.intro}</p>
        {field('key', text.key, text.keyHint, text.keyWrong)}
        {field('code', text.code, text.codeHint, text.codeWrong)}
        {field('name', text.name, text.nameHint, text.nameWrong)}
        {field('server', text.server, text.serverHint, text.serverWrong)}
        <p class="setup-refused" role="alert" dir="auto" data-testid="setup-refused">
          {refused}
        </p>
        <button
          type="submit"
          class="button is-main is-wide pay-button"
          data-testid="activate"
          disabled={asking || !allRight(fields)}
        >
          {asking ? text.activating : text.activate}
        </button>
      </form>
    </main>
  );
}

interface FieldProps {
  readonly name: SetupField;
  readonly label: string;
  readonly hint: string;
  readonly wrong: string;
  readonly check: Check;
  /** Whether the field was left once: before that it is not called wrong. */
  readonly wasLeft: boolean;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly onLeave: () => void;
}

function Field({ name, label, hint, wrong, check, wasLeft, value, onInput, onLeave }: FieldProps): VNode {
  const isWrong = wasLeft && check !== 'right';
  const id = `setup-${name}`;
  return (
    <div class={`setup-field is-${check}${isWrong ? ' is-refused' : ''}`}>
      <label class="field-name" for={id}>
        {label}
      </label>
      <div class="setup-entry">
        <input
          id={id}
          class={`field-input${name === 'key' || name === 'code' ? ' exact' : ''}`}
          type="text"
          dir={name === 'name' ? 'auto' : 'ltr'}
          autocomplete="off"
          autocapitalize={name === 'key' || name === 'code' ? 'characters' : 'off'}
          spellcheck={false}
          aria-describedby={`${id}-hint`}
          aria-invalid={isWrong}
          data-testid={id}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
          onBlur={onLeave}
        />
        {check === 'right' ? (
          <span class="setup-right" title={strings.setup.ready}>
            <Icon name="check" size={22} />
          </span>
        ) : null}
      </div>
      <p id={`${id}-hint`} class="setup-hint" data-testid={`${id}-hint`}>
        {isWrong ? wrong : hint}
      </p>
    </div>
  );
}
