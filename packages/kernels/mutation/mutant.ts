/** A bug to plant: the first occurrence of `find` in a shader becomes `replace`. */
export interface Mutant {
  /** Path below `src`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What kind of mistake it is. */
  readonly bug: 'index' | 'mask' | 'barrier' | 'scale' | 'expert' | 'bound' | 'type';
  /** Test file below `src` that must turn red. */
  readonly test: string;
}
