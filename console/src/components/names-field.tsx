import { useId, useRef, useState, type ReactNode } from 'react';
import { Button } from './button';
import { TextField } from './field';
import styles from './names-field.module.css';

interface NamesFieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null;
  readonly warning?: ReactNode;
  readonly value: readonly string[];
  /** Others can be typed, too. */
  readonly proposals: readonly string[];
  readonly onChange: (value: readonly string[]) => void;
}

/** Names that are chosen from a list or typed, each with a button that takes it off. */
export function NamesField({ value, proposals, onChange, label, ...rest }: NamesFieldProps): ReactNode {
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [text, setText] = useState('');
  const add = (): void => {
    const name = text.trim();
    if (name === '') return;
    if (!value.includes(name)) onChange([...value, name]);
    setText('');
  };
  const remove = (name: string): void => {
    onChange(value.filter((other) => other !== name));
    // The button that had the focus goes away.
    frame.current?.querySelector('input')?.focus();
  };
  return (
    <div ref={frame}>
      <TextField
        {...rest}
        label={label}
        list={id}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onChange={setText}
        // A name that is typed counts, also if somebody goes on without the button.
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          // Enter adds the name, and does not send the form.
          event.preventDefault();
          add();
        }}
        above={<ChosenNames label={label} names={value} onRemove={remove} />}
        beside={
          <Button onClick={add} disabled={text.trim() === ''} aria-label={`Add to ${label}`}>
            Add
          </Button>
        }
      />
      <datalist id={id}>
        {proposals
          .filter((name) => !value.includes(name))
          .map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
      </datalist>
    </div>
  );
}

interface ChosenNamesProps {
  readonly label: string;
  readonly names: readonly string[];
  readonly onRemove: (name: string) => void;
}

function ChosenNames({ label, names, onRemove }: ChosenNamesProps): ReactNode {
  if (names.length === 0) return null;
  return (
    <ul className={styles.names} aria-label={label}>
      {names.map((name) => (
        <li key={name} className={styles.name}>
          <span>{name}</span>
          <button
            type="button"
            className={styles.remove}
            aria-label={`Remove ${name} from ${label}`}
            onClick={() => onRemove(name)}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}
