import * as v from 'valibot';

// Of one kind, as every kind of valibot's is another hundred bytes of the worker.

/** An object with these entries and any others, which are kept. */
export const looseObject = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.objectWithRest(entries, v.unknown());

/** An object of any keys with values of one kind. */
export const dictionary = <const Value extends v.GenericSchema>(value: Value) => v.objectWithRest({}, value);
