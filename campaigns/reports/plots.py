"""Plots as rectangles and words; a template writes them as SVG, with all styles in the stylesheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

WIDTH = 680
ROW = 40
MIDDLE = "50%"
LEVELS = 5
"""Shades of a heat map, not counting the blank."""


@dataclass(frozen=True, slots=True)
class Word:
    """A text, centred on its point."""

    x: int | str
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle that links to its calls; the tone is a class of the stylesheet."""

    x: int | str
    """In units of the drawing, or in percent of its width, such as "12.5%"; the same holds for the width."""
    y: int
    width: int | str
    height: int
    tone: str
    title: str
    url: str = ""
    word: Word | None = None


@dataclass(slots=True)
class Plot:
    """One drawing; whatever its colours tell is also in its titles and in the table below it."""

    width: int
    height: int
    marks: list[Mark] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    caption: str = ""
    """Text above the drawing, outside the SVG, because a phone may not show all of the drawing."""
    legend: list[tuple[str, str]] = field(default_factory=list)
    """Pairs of tone and meaning."""
    is_fluid: bool = False
    """Whether the drawing fits any width without scaling, so that words keep their size on a phone."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One value with its name, its text and its link."""

    name: str
    value: Decimal | float | int
    said: str
    url: str = ""
    tone: str = "plot-accent"


def lying_bars(bars: Sequence[Bar]) -> Plot:
    """Draw horizontal bars, one a row, with name and value above each; the longest fills the width."""
    most = max((bar.value for bar in bars), default=0) or 1
    plot = Plot(WIDTH, ROW * len(bars), is_fluid=True)
    for index, bar in enumerate(bars):
        top = index * ROW
        # Directional isolates keep a right-to-left name and a left-to-right figure apart.
        text = f"\u2068{bar.name}\u2069 · \u2068{bar.said}\u2069"
        plot.words.append(Word(MIDDLE, top + 14, text))
        if not bar.value:
            continue
        width = max(0.3, 100 * float(bar.value) / float(most))
        plot.marks.append(Mark(0, top + 20, f"{width:.1f}%", 14, bar.tone, text, bar.url))
    return plot


def stacks(rows: Sequence[tuple[str, Sequence[Bar]]]) -> Plot:
    """Draw one stacked bar a row; each fills the width, so that shares can be compared."""
    plot = Plot(WIDTH, ROW * len(rows), is_fluid=True)
    for index, (name, parts) in enumerate(rows):
        top, total, before = index * ROW, sum(float(part.value) for part in parts) or 1, 0.0
        plot.words.append(Word(MIDDLE, top + 14, name))
        for part in parts:
            start, before = before, before + float(part.value)
            if part.value:
                x, width = f"{100 * start / total:.2f}%", f"{100 * float(part.value) / total:.2f}%"
                title = f"{name} · {part.name}: {part.said}"
                plot.marks.append(Mark(x, top + 20, width, 14, part.tone, title, part.url))
    return plot


def standing_bars(bars: Sequence[Bar], highest: str) -> Plot:
    """Draw vertical bars side by side, with some of the names below; `highest` is the label of the largest value."""
    ground, foot, top = 164, 24, 4
    plot = Plot(WIDTH, ground + foot, caption=highest)
    most = max((bar.value for bar in bars), default=0) or 1
    step = WIDTH / max(1, len(bars))
    every = max(1, -(-len(bars) // 7))
    for index, bar in enumerate(bars):
        left, right = round(index * step), round((index + 1) * step)
        height = max(2, round((ground - top) * float(bar.value) / float(most)))
        gap = 2 if right - left > 4 else 0
        if bar.value:
            title = f"{bar.name}: {bar.said}"
            plot.marks.append(Mark(left, ground - height, max(1, right - left - gap), height, bar.tone, title, bar.url))
        if index % every == every // 2:
            plot.words.append(Word((left + right) // 2, ground + 17, bar.name))
    return plot


def heat_map(
    rows: Sequence[str], columns: Sequence[str], cells: dict[tuple[int, int], Bar], *, label_width: int = 56
) -> Plot:
    """Draw a grid of labelled cells, shaded in proportion to the highest value."""
    side, head = (WIDTH - label_width) // len(columns), 22
    plot = Plot(label_width + side * len(columns), head + side * len(rows))
    plot.words += [Word(label_width + side * n + side // 2, 14, name) for n, name in enumerate(columns)]
    plot.words += [Word(label_width // 2, head + side * n + side // 2 + 4, name) for n, name in enumerate(rows)]
    most = max((float(cell.value) for cell in cells.values()), default=0.0) or 1.0
    for row in range(len(rows)):
        for column in range(len(columns)):
            x, y = label_width + side * column, head + side * row
            cell = cells.get((row, column))
            if cell is None:
                plot.marks.append(Mark(x, y, side - 2, side - 2, "plot-none", ""))
                continue
            level = math.ceil(LEVELS * float(cell.value) / most)
            word = Word(x + side // 2 - 1, y + side // 2 + 4, cell.said)
            tone = f"plot-heat-{min(LEVELS, level)}"
            plot.marks.append(Mark(x, y, side - 2, side - 2, tone, cell.name, cell.url, word))
    return plot
