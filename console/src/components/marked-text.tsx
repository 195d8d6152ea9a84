import { createElement, Fragment, type ReactNode } from 'react';

/** A text in which backticks mark names, as in Markdown. */
export function MarkedText({ text }: { readonly text: string }): ReactNode {
  // Every second part stood between backticks.
  const parts = text.split('`').map((part, index) => (index % 2 === 1 ? createElement('code', null, part) : part));
  return createElement(Fragment, null, ...parts);
}
