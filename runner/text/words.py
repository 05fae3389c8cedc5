"""Numbers as people read them."""

from __future__ import annotations


def money(usd: float | None) -> str:
    """`$0.0132`, `$1.20`; a dash when it is not known."""
    if usd is None:
        return "—"
    return f"${usd:.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def tokens(count: int) -> str:
    """`950`, `12k`, `1.9M`."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.1f}M"


def number(count: int, one: str, many: str | None = None) -> str:
    """`1 image`, `2 images`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def weight(count: int) -> str:
    """`46 kB`, `3.0 MB`: bytes as people weigh them."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.0f} kB"
