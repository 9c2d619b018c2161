import '../cart/line-sheet.css';
import '../ui/button.css';
import '../ui/field.css';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Icon } from '../ui/icon.tsx';
import { Sheet } from '../ui/sheet.tsx';

interface ExportProps {
  /** Whether it was asked for by signing out, which goes on once the file is written. */
  readonly signOut: boolean;
  readonly onClose: () => void;
}

const PASSPHRASE_MIN = 12;

/** Writes what is unsent into an encrypted file, with a manager's PIN. */
export function ExportSheet({ signOut, onClose }: ExportProps): VNode {
  const { counter } = usePage();
  const text = strings.sales;
  const [pin, setPin] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [answer, setAnswer] = useState<{ readonly well: boolean; readonly text: string } | null>(null);
  const [asking, setAsking] = useState(false);
  const ready = pin !== '' && passphrase.length >= PASSPHRASE_MIN && !asking;
  const run = async (): Promise<void> => {
    setAsking(true);
    const answered = await counter.exportSales({ pin, passphrase, signOut });
    setAsking(false);
    setPin('');
    setAnswer(answered);
    if (answered.well && signOut) onClose();
  };
  return (
    <Sheet
      testId="export-sheet"
      title={signOut ? strings.staff.signOutTitle : text.exportTitle}
      onClose={onClose}
      foot={
        <button
          type="button"
          class="button is-main is-wide"
          data-testid="export-run"
          disabled={!ready}
          onClick={() => void run()}
        >
          <Icon name="file" /> {text.exportRun}
        </button>
      }
    >
      <p>{signOut ? strings.staff.signOutHint : text.exportHint}</p>
      <label class="field line-part">
        <span class="field-name">{text.exportPin}</span>
        <input
          class="field-input"
          type="password"
          inputMode="numeric"
          autocomplete="off"
          data-testid="export-pin"
          value={pin}
          onInput={(event) => setPin(event.currentTarget.value)}
        />
      </label>
      <label class="field line-part">
        <span class="field-name">{text.exportPassphrase}</span>
        <input
          class="field-input"
          type="password"
          autocomplete="off"
          data-testid="export-passphrase"
          value={passphrase}
          onInput={(event) => setPassphrase(event.currentTarget.value)}
        />
      </label>
      <p class="export-answer line-part" role="status" data-testid="export-answer" dir="auto">
        {answer?.text}
      </p>
    </Sheet>
  );
}
