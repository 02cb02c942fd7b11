"""How a sentence became ids: the merges of byte-pair encoding, other ways to cut it, and bytes that stand for characters."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import lru_cache

from model.analysis.words import join_pieces, word_groups
from model.instrument.tokenizer import Tokenizer
from model.trace.byte_pieces import ByteRun
from model.trace.tokens import Tokens

# Bytes ----------------------------------------------------------------------------------------------------------------


def byte_runs(tokens: Tokens) -> list[ByteRun]:
    """The characters that the vocabulary lacks, each as the byte pieces that stand for it, in order (byte fallback).

    A model may produce bytes that make no character; each of those comes alone, with character None.
    """
    return tokens.byte_runs


# Merges ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Merge:
    """One step of byte-pair encoding: two neighbours become one."""

    left: int  # node; see MergeTree
    right: int  # node
    piece: str  # what both are together, a piece of the vocabulary
    rank: int  # when training found this merge, from 1; the lowest rank of all neighbours goes first


@dataclass(frozen=True)
class MergeTree:
    """All merges of one run of characters. Nodes 0 .. c - 1 are its characters, node c + m is the result of merge m."""

    characters: list[str]
    merges: list[Merge]  # in the order in which they are applied
    roots: list[int]  # the nodes that are left, from left to right
    lacking: frozenset[int]  # nodes of characters that the vocabulary lacks; they become bytes
    ranks: int  # number of merges that the vocabulary knows: ranks are 1 .. ranks

    def __hash__(self) -> int:
        return hash(tuple(self.characters))

    def text(self, node: int) -> str:
        """The characters of a node."""
        first = len(self.characters)
        return self.characters[node] if node < first else self.merges[node - first].piece

    def root_pieces(self, node: int) -> list[str]:
        """The pieces that a root becomes: itself, or its bytes in UTF-8."""
        return [f"<0x{byte:02X}>" for byte in self.text(node).encode()] if node in self.lacking else [self.text(node)]

    @property
    def pieces(self) -> list[str]:
        """What the run becomes."""
        return [piece for root in self.roots for piece in self.root_pieces(root)]


def space_runs(tokens: Tokens) -> list[range]:
    """The tokens between two spaces, in order: what byte-pair encoding works on by itself. Special tokens are in none.

    A run may be several words in the sense of Tokens: “tired.” is one run. No piece has a space inside, so no merge
    reaches from one run into another.
    """
    runs: list[range] = []
    for index, (apart, glued) in enumerate(zip(tokens.special, tokens.glued, strict=True)):
        if apart:
            continue
        if runs and runs[-1].stop == index and glued:
            runs[-1] = range(runs[-1].start, index + 1)
        else:
            runs.append(range(index, index + 1))
    return runs


def spelled(tokens: Tokens, run: range) -> str:
    """The characters of a run as the tokenizer sees them: normalised (NFKC), spaces as it writes them, bytes put together.

    A byte that makes no character is written as U+FFFD.
    """
    characters = {bytes_.tokens.start: bytes_ for bytes_ in byte_runs(tokens) if bytes_.tokens.start in run}
    inside = {index: "" for bytes_ in characters.values() for index in bytes_.tokens}
    inside |= {start: bytes_.character or "\ufffd" for start, bytes_ in characters.items()}
    return "".join(inside.get(index, tokens.pieces[index]) for index in run)


def replay_merges(tokenizer: Tokenizer, text: str) -> MergeTree:
    """Byte-pair encoding of one run, step by step (Sennrich, Haddow and Birch 2016, algorithm 1; SentencePiece's order).

    text: the characters to start from, normalised, spaces as the tokenizer writes them: what `spelled` gives. Of all neighbours whose union is
    a piece, those of the lowest rank are merged, the leftmost on ties, until none is left.
    """
    texts, starts = list(text), list(range(len(text)))
    after = {node: node + 1 for node in range(len(texts) - 1)}
    before = {right: left for left, right in after.items()}
    heap: list[tuple[int, int, int, int]] = []  # rank, start, left, right; a pair that is gone is skipped

    def offer(left: int, right: int) -> None:
        rank = merge_rank(tokenizer, texts[left] + texts[right])
        if rank is not None:
            heapq.heappush(heap, (rank, starts[left], left, right))

    for left, right in after.items():
        offer(left, right)
    merges: list[Merge] = []
    while heap:
        rank, start, left, right = heapq.heappop(heap)
        if after.get(left) != right:
            continue
        node = len(texts)
        texts.append(texts[left] + texts[right])
        starts.append(start)
        merges.append(Merge(left, right, texts[node], rank))
        del after[left], before[right]
        if left in before:
            previous = before[node] = before.pop(left)
            after[previous] = node
            offer(previous, node)
        if right in after:
            following = after[node] = after.pop(right)
            before[following] = node
            offer(node, following)
    lacking = frozenset(node for node, char in enumerate(text) if merge_rank(tokenizer, char) is None)
    merged = {child for merge in merges for child in (merge.left, merge.right)}
    roots = sorted((node for node in range(len(texts)) if node not in merged), key=starts.__getitem__)
    return MergeTree(list(text), merges, roots, lacking, merge_count(tokenizer))


def merge_rank(tokenizer: Tokenizer, piece: str) -> int | None:
    """Rank of a piece, from 1: SentencePiece's score is 1 - rank. None for what is no piece, control and byte pieces included."""
    processor = tokenizer.processor
    id_ = processor.piece_to_id(piece)
    if processor.is_unknown(id_) or processor.is_control(id_) or processor.is_byte(id_):
        return None
    return 1 - round(processor.get_score(id_))


@lru_cache(maxsize=4)
def merge_count(tokenizer: Tokenizer) -> int:
    """How many merges the vocabulary holds: its pieces of more than one character."""
    return sum(len(tokenizer.piece(id_)) > 1 for id_ in tokenizer.learned)


# Other cuts, other numberings -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cuts:
    """One sentence cut in three ways, special tokens left out; spaces in front as the tokenizer writes them."""

    words: list[str]  # a lone space is none
    known: list[bool]  # for each word, whether it is one piece of the vocabulary
    pieces: list[str]
    characters: list[str]  # normalised, spaces included, without the one that the tokenizer puts in front of the sentence

    @property
    def longer(self) -> float:
        """How many times as many characters as pieces."""
        return len(self.characters) / len(self.pieces)

    @property
    def more_attention(self) -> float:
        """How many times as many cells of self-attention, (characters / pieces) ** 2 (Vaswani et al. 2017, table 1)."""
        return self.longer**2

    def __hash__(self) -> int:
        return hash(tuple(self.pieces))


def three_cuts(tokenizer: Tokenizer, tokens: Tokens) -> Cuts:
    """Whole words, pieces and characters of the same sentence. Raises ValueError where there is nothing but special tokens."""
    groups = [group for group in word_groups(tokens) if not tokens.special[group[0]]]
    if not groups:
        raise ValueError("There is nothing to cut: no token but special ones.")
    joined = join_pieces(tokens)
    words = [(piece, text) for piece, text, apart in zip(joined.pieces, joined.surface, joined.special, strict=True) if not apart]
    pieces = ["".join(tokens.pieces[index] for index in group) for group in groups]
    known = [(word, merge_rank(tokenizer, piece) is not None) for (word, text), piece in zip(words, pieces, strict=True) if text]
    text = "".join(spelled(tokens, run) for run in space_runs(tokens))
    return Cuts(
        [word for word, _ in known],
        [one_piece for _, one_piece in known],
        [tokens.pieces[index] for group in groups for index in group],
        list(text.removeprefix(tokens.notation.space) or text),
    )


def renumbered(tokenizer: Tokenizer, tokens: Tokens, shift: int = 1) -> str:
    """What the ids of a sentence spell where every piece has another id: the piece `shift` places further on.

    Special tokens are left out, and bytes stay what they are; past the last piece the count goes on at the first.
    """
    learned = tokenizer.learned
    ids = [id_ for id_, apart in zip(tokens.ids, tokens.special, strict=True) if not apart]
    moved = [learned[(learned.index(id_) + shift) % len(learned)] if id_ in learned else id_ for id_ in ids]
    return tokenizer.decode(moved).text
