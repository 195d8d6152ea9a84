import { useState, type ReactNode } from 'react';
import { TextArea } from './field';
import { linesOf } from './lines';

interface LinesFieldProps<Item> {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | null;
  readonly warning?: ReactNode;
  readonly value: readonly Item[];
  readonly toLine: (item: Item) => string;
  readonly fromLine: (line: string) => Item;
  readonly onChange: (value: readonly Item[]) => void;
}

/** A list with one entry a line. */
export function ItemsField<Item>(props: LinesFieldProps<Item>): ReactNode {
  const { value, toLine, fromLine, onChange, ...rest } = props;
  const written = value.map(toLine).join('\n');
  const [text, setText] = useState(written);
  // The text keeps blanks and blank lines while somebody types; it follows a list that changes from outside.
  const isOwn = JSON.stringify(linesOf(text).map(fromLine)) === JSON.stringify(value);
  return (
    <TextArea
      {...rest}
      value={isOwn ? text : written}
      spellCheck={false}
      rows={Math.min(12, Math.max(3, value.length + 1))}
      onChange={(next) => {
        setText(next);
        onChange(linesOf(next).map(fromLine));
      }}
    />
  );
}

const same = (line: string): string => line;

/** Texts, one a line. */
export function LinesField(props: Omit<LinesFieldProps<string>, 'toLine' | 'fromLine'>): ReactNode {
  return <ItemsField {...props} toLine={same} fromLine={same} />;
}
