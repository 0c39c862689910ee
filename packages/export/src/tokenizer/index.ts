/** The reference's sentencepiece tokenizer as Hugging Face's `tokenizer.json`. */
export { convertSentencePiece, type SentencePieceOptions } from './convert-sentencepiece.ts';
export { tokenizerLength, type TokenizerJson } from './tokenizer-json.ts';
