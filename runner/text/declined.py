"""A refusal in plain words, told from an answer that was meant to be JSON and is not."""

from __future__ import annotations

import re

READ = 300
"""Letters at the beginning in which a refusal is looked for."""


def is_declined(text: str) -> bool:
    """Whether a text begins as models decline in English: "I'm sorry, but I can't help with that."

    Asked only of texts without any JSON where JSON was asked for. Such an answer is nothing but a
    refusal, and what helps is another prompt or model; "unreadable" would send people to look for
    a mistake of the format. Hence only phrases that say that the model will not: "I can't find a
    cat" says what it saw, in the wrong form, and a refusal in another language is not known here.
    A mistake costs nothing: neither kind of answer is used, and both show the model's words.
    """
    return _DECLINES.match(" ".join(text[:READ].replace("\u2019", "'").split())) is not None


_SORRY = r"(?:(?:i'm|i am)(?: \w+)? sorry|sorry|(?:my )?apologies|i apologi[sz]e|unfortunately)"
_WILL_NOT = r"i(?: can't| can ?not| won't| will not|(?:'m| am) (?:unable|not able) to)"
_DO = (
    r"(?:help|assist|comply|proceed|fulfill?|answer (?:this|that|your)|do (?:this|that)"
    r"|(?:process|complete|discuss|respond to) (?:this|that|your|the)|provide (?:this|that|any)"
    r"|identify (?:real |specific )?(?:people|persons|individuals|who|the (?:person|people)))"
)
_DECLINES = re.compile(
    rf"{_SORRY}?[,.!:]? ?(?:but )?{_WILL_NOT} {_DO}\b"
    rf"|{_SORRY}?[,.!:]? ?(?:but )?i (?:must|have to) (?:decline|refuse)\b",
    re.IGNORECASE,
)
