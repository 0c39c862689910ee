"""The reference's prompt (template v1) and its token ids."""

import sentencepiece

from ..paths import STATE

SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
IMAGE, AUDIO = "<image>", "<audio>"
IMAGE_ID, AUDIO_ID = -200, -300
BOS, EOS = 1, 2
VOCABULARY = 2048


def user_text(question: str, image: bool, audio: bool) -> str:
    return (f"{IMAGE}\n" if image else "") + (f"{AUDIO}\n" if audio else "") + question


def full_text(turns: list[tuple[str, str]]) -> str:
    """All turns with their answers, as the tokenizer is trained on."""
    return f"{SYSTEM} " + "".join(f"USER: {question} ASSISTANT: {answer}</s>" for question, answer in turns)


def train_tokenizer(texts: list[str]) -> None:
    corpus = STATE / "tokenizer-corpus.txt"
    lines = [line for text in texts for line in text.replace("</s>", "\n").replace(IMAGE, "\n").replace(AUDIO, "\n").split("\n") if line]
    corpus.write_text("\n".join(lines))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(STATE / "tokenizer"), model_type="bpe", vocab_size=VOCABULARY, byte_fallback=True,
        character_coverage=1.0, normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True,
        unk_id=0, bos_id=1, eos_id=2, pad_id=-1, num_threads=1, minloglevel=2, max_sentence_length=20000,
    )


class Tokenizer:
    def __init__(self) -> None:
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(STATE / "tokenizer.model"))

    def _span(self, text: str) -> list[int]:
        """One string as the reference encodes it, without the start token: literals become placeholder ids."""
        ids: list[int] = []
        while True:
            found = [(text.find(literal), literal, id_) for literal, id_ in ((IMAGE, IMAGE_ID), (AUDIO, AUDIO_ID)) if literal in text]
            if not found:
                return ids + self.pieces.encode(text)
            at, literal, id_ = min(found)
            ids += self.pieces.encode(text[:at]) + [id_]
            text = text[at + len(literal) :]

    def conversation(self, turns: list[tuple[str, str | None]]) -> tuple[list[int], list[bool]]:
        """Ids of the prompt and, per id, whether it belongs to an answer. A last answer of None is left open.

        Text behind an end token is a string of its own (`legacy` true)."""
        ids, learn, text = [BOS], [False], f"{SYSTEM} "
        for question, answer in turns:
            span = self._span(f"{text}USER: {question} ASSISTANT:")
            ids, learn = ids + span, learn + [False] * len(span)
            if answer is not None:
                said = self.pieces.encode(answer) + [EOS]
                ids, learn = ids + said, learn + [True] * len(said)
            text = ""
        return ids, learn

    def decode(self, ids: list[int]) -> str:
        return self.pieces.decode([i for i in ids if i > 2]).strip()
