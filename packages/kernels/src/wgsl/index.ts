import fold from './fold.wgsl?raw';
import reduce from './reduce.wgsl?raw';

/** Shared shader pieces by the name that `#include <name>` uses. */
export const wgslPieces: Readonly<Record<string, string>> = { fold, reduce };
