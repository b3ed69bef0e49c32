"""Writes an Excel workbook of one sheet in pieces, so that another process can continue an interrupted file.

Libraries write a workbook in one go: with a million rows that took longer than a background task may run, and it could
not be continued. This module writes the core of the format (ECMA-376): typed cells, and no formulas at all.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape

Value = str | int | Decimal | datetime.datetime | None

MOST_ROWS = 1_048_575
"""Rows that Excel allows in a sheet, without the header."""
LONGEST_TEXT = 32_767
"""Characters that Excel allows in a cell."""
LONGEST_TITLE = 31
"""Characters that Excel allows in a sheet's title."""
DAY_ZERO = datetime.datetime(1899, 12, 30)
PIECE = 1024 * 1024
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TIME, BOLD, QUOTED = 1, 2, 3
"""Cell styles, as positions in `cellXfs` below."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_RISKY = re.compile(r"\s*[=+\-@]")

PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.styles+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ '
        'hh:mm:ss"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/>'
        '<sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill '
        'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1">'
        "<border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="
        '"1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>'
        '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}


def header_of(titles: Sequence[str], *, is_text: bool = False) -> str:
    """Return the beginning of a sheet with a frozen row of titles.

    With `is_text`, all columns are formatted as text, so that a phone number typed into them keeps its plus and zeros.
    """
    frozen = '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    style = f' style="{QUOTED}"' if is_text else ""
    widths = f'<cols><col min="1" max="{max(len(titles), 1)}" width="20" customWidth="1"{style}/></cols>'
    row = "".join(_text(title, BOLD) for title in titles)
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}"><sheetViews>{frozen}</sheetView></sheetViews>{widths}'
        f"<sheetData><row>{row}</row>"
    )


def rows_of(rows: Iterable[Sequence[Value]]) -> str:
    """Return rows as the sheet's XML."""
    return "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)


END = "</sheetData></worksheet>"


def finish(sheet: Path, target: IO[bytes], title: str) -> None:
    """Pack a finished sheet file into a workbook written to `target`, in constant memory."""
    workbook = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        f'<sheet name="{_attribute(title)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in {**PARTS, "xl/workbook.xml": workbook}.items():
            archive.writestr(name, HEAD + text)
        with sheet.open("rb") as source, archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as packed:
            while piece := source.read(PIECE):
                packed.write(piece)


def _cell(value: Value) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, datetime.datetime):
        return f'<c s="{TIME}"><v>{(value - DAY_ZERO) / datetime.timedelta(days=1):.8f}</v></c>'
    if isinstance(value, int | Decimal):
        return f"<c><v>{value}</v></c>"
    # A cell of type text is no formula; the quote style keeps it text when somebody edits the cell.
    return _text(value, QUOTED if _RISKY.match(value) else 0)


def _text(text: str, style: int) -> str:
    mark = f' s="{style}"' if style else ""
    return f'<c t="inlineStr"{mark}><is><t xml:space="preserve">{_plain(text)}</t></is></c>'


def _plain(text: str) -> str:
    return escape(_ESCAPED.sub("_x005F_", _FORBIDDEN.sub("", text[:LONGEST_TEXT])))


def _attribute(title: str) -> str:
    cleaned = re.sub(r"[\[\]:*?/\\']", " ", title)[:LONGEST_TITLE].strip() or "Sheet"
    return escape(cleaned, {'"': "&quot;"})
