import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react';
import { classes } from './classes';
import styles from './field.module.css';

interface Labelled {
  readonly label: string;
  /** What to put in, in one sentence. */
  readonly hint?: ReactNode;
  /** What is wrong with it; read out at once. */
  readonly error?: string | null;
  /** What the administrator should know about it; never stops a form. */
  readonly warning?: ReactNode;
}

interface FrameProps extends Labelled {
  readonly id: string;
  readonly children: ReactNode;
}

function Frame({ id, label, hint, error, warning, children }: FrameProps): ReactNode {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {hint === undefined ? null : (
        <div id={`${id}-hint`} className={styles.hint}>
          {hint}
        </div>
      )}
      {children}
      <div id={`${id}-error`} className={styles.error} role={error ? 'alert' : undefined}>
        {error}
      </div>
      <div id={`${id}-warning`} className={styles.warning}>
        {warning}
      </div>
    </div>
  );
}

function describedBy(id: string, { hint, error, warning }: Labelled): { 'aria-describedby'?: string } {
  const parts = [hint === undefined ? null : 'hint', error ? 'error' : null, warning ? 'warning' : null];
  const ids = parts.filter((part) => part !== null).map((part) => `${id}-${part}`);
  return ids.length === 0 ? {} : { 'aria-describedby': ids.join(' ') };
}

type TextFieldProps = Labelled &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'> & {
    readonly onChange: (value: string) => void;
    /** Stands between the hint and the line. */
    readonly above?: ReactNode;
    /** A button at the end of the line. */
    readonly beside?: ReactNode;
  };

/** One line. For whole numbers use `NumberField`. */
export function TextField(props: TextFieldProps): ReactNode {
  const { label, hint, error, warning, onChange, className, above, beside, ...rest } = props;
  const id = useId();
  const labelled: Labelled = { label, hint, error: error ?? null, warning };
  const input = (
    <input
      {...rest}
      id={id}
      {...describedBy(id, labelled)}
      aria-invalid={error ? true : undefined}
      className={classes(styles.input, className)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
  return (
    <Frame id={id} {...labelled}>
      {above}
      {beside === undefined ? (
        input
      ) : (
        <div className={styles.line}>
          {input}
          {beside}
        </div>
      )}
    </Frame>
  );
}

type TextAreaProps = Labelled &
  Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'onChange'> & { readonly onChange: (value: string) => void };

/** Several lines, such as a list with one entry a line. */
export function TextArea({ label, hint, error, warning, onChange, className, ...rest }: TextAreaProps): ReactNode {
  const id = useId();
  const labelled: Labelled = { label, hint, error: error ?? null, warning };
  return (
    <Frame id={id} {...labelled}>
      <textarea
        rows={4}
        {...rest}
        id={id}
        {...describedBy(id, labelled)}
        aria-invalid={error ? true : undefined}
        className={classes(styles.input, className)}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </Frame>
  );
}

interface SelectOption<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

type SelectFieldProps<Value extends string> = Labelled &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange' | 'value'> & {
    readonly value: Value;
    readonly options: readonly SelectOption<Value>[];
    readonly onChange: (value: Value) => void;
  };

/** One of a few. */
export function SelectField<Value extends string>({
  label,
  hint,
  error,
  warning,
  options,
  onChange,
  className,
  ...rest
}: SelectFieldProps<Value>): ReactNode {
  const id = useId();
  const labelled: Labelled = { label, hint, error: error ?? null, warning };
  return (
    <Frame id={id} {...labelled}>
      <select
        {...rest}
        id={id}
        {...describedBy(id, labelled)}
        aria-invalid={error ? true : undefined}
        className={classes(styles.input, className)}
        onChange={(event) => onChange(event.currentTarget.value as Value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

interface ChoiceProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly error?: string | null;
  readonly warning?: ReactNode;
  readonly isChosen: boolean;
  readonly isDisabled?: boolean;
  readonly onChange: (isChosen: boolean) => void;
}

/** Yes or no. */
export function Checkbox(props: ChoiceProps): ReactNode {
  const { label, hint, error = null, warning, isChosen, isDisabled = false, onChange } = props;
  const id = useId();
  return (
    <div className={styles.choice}>
      <input
        id={id}
        type="checkbox"
        checked={isChosen}
        disabled={isDisabled}
        {...describedBy(id, { label: '', hint, error, warning })}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint === undefined ? null : (
          <div id={`${id}-hint`} className={styles.hint}>
            {hint}
          </div>
        )}
        <div id={`${id}-error`} className={styles.error} role={error ? 'alert' : undefined}>
          {error}
        </div>
        <div id={`${id}-warning`} className={styles.warning}>
          {warning}
        </div>
      </div>
    </div>
  );
}

interface RadioGroupProps<Value extends string> {
  readonly legend: string;
  readonly hint?: ReactNode;
  readonly error?: string | null;
  readonly warning?: ReactNode;
  readonly value: Value | null;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly hint?: ReactNode }[];
  readonly onChange: (value: Value) => void;
}

/** One of a few, each with a sentence. With null, nothing is chosen yet. */
export function RadioGroup<Value extends string>({
  legend,
  hint,
  error,
  warning,
  value,
  options,
  onChange,
}: RadioGroupProps<Value>): ReactNode {
  const id = useId();
  return (
    <fieldset className={styles.group} {...describedBy(id, { label: legend, hint, error: error ?? null, warning })}>
      <legend className={styles.label}>{legend}</legend>
      {hint === undefined ? null : (
        <div id={`${id}-hint`} className={styles.hint}>
          {hint}
        </div>
      )}
      {options.map((option) => (
        <div key={option.value} className={styles.choice}>
          <input
            id={`${id}-${option.value}`}
            type="radio"
            name={id}
            checked={value === option.value}
            {...(option.hint === undefined ? {} : { 'aria-describedby': `${id}-${option.value}-hint` })}
            onChange={() => onChange(option.value)}
          />
          <div>
            <label htmlFor={`${id}-${option.value}`}>{option.label}</label>
            {option.hint === undefined ? null : (
              <div id={`${id}-${option.value}-hint`} className={styles.hint}>
                {option.hint}
              </div>
            )}
          </div>
        </div>
      ))}
      <div id={`${id}-error`} className={styles.error} role={error ? 'alert' : undefined}>
        {error}
      </div>
      <div id={`${id}-warning`} className={styles.warning}>
        {warning}
      </div>
    </fieldset>
  );
}

/** The fields of a form below each other, or beside each other where there is room. */
export function FieldRow({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className={styles.row}>{children}</div>;
}
