"""Says whether a claim tells the opposite of a sentence: rose for fell, before for after."""

from itertools import pairwise

from chatbot.claim_words import Words
from index.words import stem

_PAIRS = """first last|largest smallest|highest lowest|most least|more fewer|before after
|north south|east west|northern southern|eastern western|oldest youngest|increase decrease
|increased decreased|rise fall|rose fell|won lost|win lose|begin end|began ended|start stop
|started stopped|early late|earlier later|support oppose|supported opposed|allow forbid
|allowed forbidden|include exclude|included excluded|accept reject|accepted rejected|buy sell
|bought sold|open close|opened closed|arrive leave|arrived left|born died|father son
|mother daughter|husband brother|wife sister|king queen|president minister|city country
|river mountain|male female|men women|public private|major minor|high low|strong weak|long short
|large small|old new|rich poor|winter summer|always never|directly indirectly|legal illegal
|above below|inside outside|best worst|same different|founded abolished|founded destroyed
|created destroyed|built demolished|enter leave|join leave|joined left|gain lose|gained lost
|attack defend|attacked defended|teacher student|import export|cause prevent|caused prevented
|require prohibit|required prohibited|confirm deny|confirmed denied|admit deny|admitted denied
|agree refuse|agreed refused|approve veto|approved vetoed|second-largest largest|under above
|up down|over under|more less|since until|before since|hot cold|near far"""
OPPOSITES = tuple((one, other) for one, other in map(str.split, _PAIRS.split("|")))
_OPPOSITE_STEMS = tuple((stem(one), stem(other)) for one, other in OPPOSITES)
_SIDES = tuple(
    tuple(frozenset(stem(word) for word in side.split()) for side in pair.split("/"))
    for pair in """increase rise rose risen grow grew growth climb jump soar surge gain higher more
up over above/decrease fall fell fallen drop decline shrink shrank plummet plunge reduce reduction
cut lower fewer less down under below|begin began begun start launch open/end stop finish cease
|allow permit let/forbid forbade ban bar prohibit prevent|win won victory/lose lost defeat
|support back favour favor endorse/oppose reject resist against|include/exclude
|accept agree approve/refuse reject veto|free release/arrest jail detain imprison
|before prior previously until/after since following|live survive save/die died kill
|same/different other|strong strength/weak weakness|legal/illegal""".split("|")
)
"""Words that say the same, and those that say the opposite."""


def directions_hold(claim: Words, sentence: Words) -> bool:
    """Say whether no word of the claim has its opposite there: in all, or before the same word.

    Where it says both, or one of the same side, no opposite is seen.
    """
    new, left = claim.known - sentence.known, sentence.known - claim.known
    if any(
        new & one and left & other and not (claim.known & other or sentence.known & one)
        for sides in _SIDES
        for one, other in (sides, sides[::-1])
    ):
        return False
    pairs, other_pairs = set(pairwise(claim.stems)), set(pairwise(sentence.stems))
    return not any(
        (one in new and other in left)
        or any((other, after) in other_pairs - pairs for word, after in pairs if word == one)
        for pair in _OPPOSITE_STEMS
        for one, other in (pair, pair[::-1])
    )
