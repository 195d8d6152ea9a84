/** For a `SelectField` that filters: no choice, or one of these values. */
export function choices(values: readonly string[]): readonly { readonly value: string; readonly label: string }[] {
  return [{ value: '', label: 'All' }, ...values.map((value) => ({ value, label: value }))];
}
