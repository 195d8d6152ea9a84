/** An allow list of so many entries, one of them the load's own address. */
export function allowListOf(count) {
  return ['127.0.0.1', ...Array.from({ length: count - 1 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`)];
}
