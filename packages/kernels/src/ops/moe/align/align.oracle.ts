export interface Alignment {
  /** `[usedTiles, tileRows]`; the number of slots marks padding. */
  readonly sortedSlots: Uint32Array;
  /** `[usedTiles]`. */
  readonly tileExperts: Uint32Array;
}

/** Slots of each expert in order, padded to whole tiles; experts in order. */
export function alignOracle(experts: Uint32Array, numExperts: number, tileRows: number): Alignment {
  const sortedSlots: number[] = [];
  const tileExperts: number[] = [];
  for (let expert = 0; expert < numExperts; expert++) {
    experts.forEach((id, slot) => {
      if (id !== expert) return;
      if (sortedSlots.length % tileRows === 0) tileExperts.push(expert);
      sortedSlots.push(slot);
    });
    while (sortedSlots.length % tileRows !== 0) sortedSlots.push(experts.length);
  }
  return { sortedSlots: Uint32Array.from(sortedSlots), tileExperts: Uint32Array.from(tileExperts) };
}
