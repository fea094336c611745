/** Values on the host with their shape: `data` is row-major, its length is the product of `shape`. */
export interface HostTensor<Data> {
  readonly data: Data;
  readonly shape: readonly number[];
}
