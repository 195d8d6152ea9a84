/** An allow list of this size. One entry is the address of the load generator. */
export function allowListOf(count) {
  return ['127.0.0.1', ...Array.from({ length: count - 1 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`)];
}
