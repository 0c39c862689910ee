/**
 * A checkpoint may come from anywhere, so every count and length that it states is held to a limit before memory is
 * taken for it. The limits are far above any real checkpoint.
 */
import { PIECE_BYTES } from './format.ts';

const MIB = 1024 * 1024;

/** `manifest.json`: 67 bytes per 4 MiB piece, so this describes 1 TB. */
export const MAX_MANIFEST_BYTES = 16 * MIB;
/** Files in a manifest: 1 TB in shards of 256 MiB. */
export const MAX_FILES = 4096;
/** Any one file: what one `ArrayBuffer` holds in every browser. The largest are towers, which are read whole. */
export const MAX_FILE_BYTES = 2048 * MIB;
/** `config.json` and the other small descriptions. */
export const MAX_CONFIG_BYTES = MIB;
/** `tokenizer.json`: the largest published ones have 33 MB. */
export const MAX_TOKENIZER_BYTES = 64 * MIB;
/** `model.safetensors.index.json`: about 100 bytes per tensor. */
export const MAX_INDEX_BYTES = 16 * MIB;
/** A safetensors header, which must lie in the file's first piece: about 150 bytes per tensor. */
export const MAX_HEADER_BYTES = PIECE_BYTES / 2;
/** Tensors of a whole checkpoint. */
export const MAX_TENSORS = 100_000;
/** Dimensions of a tensor; the format itself uses one and two. */
export const MAX_RANK = 8;
/** A safetensors file that is read whole: adapters. */
export const MAX_SMALL_TENSORS_BYTES = 512 * MIB;

/** Pieces that wait, verified or being verified, for the consumer. */
export const PREFETCH_PIECES = 1;
/** Buffers of a running load: the waiting ones, one being filled, one in the consumer's hands. 3 x 4 MiB = 12 MiB. */
export const MAX_BUFFERS = PREFETCH_PIECES + 2;
