"""Whether the text of a page can be read as it is laid out: measured, at any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .driver import Opened

#: In widths of a zero: what text that is broken into lines has at least, a column's head too, and at most.
LEAST = 12
LEAST_OF_HEADS = 7
MOST = 100
#: A word of up to so many characters, with the marks around it, stands on one line.
WHOLE = 16

_UNREADABLE = """([least, leastOfHeads, most, whole]) => {
  const told = new Set(), blocks = new Map(), boxes = [];
  const pen = document.createElement("canvas").getContext("2d");
  const tell = (what, text, block) => {
    const where = block.closest("section, header, footer, nav")?.id;
    told.add(`${what}: ${text.trim().slice(0, 40)} (${where} ${block.tagName})`);
  };
  const wide = ({ fontWeight, fontSize, fontFamily }, text) => {
    pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
    return pen.measureText(text).width;
  };
  const measured = (block) => {
    const box = block.getBoundingClientRect(), style = getComputedStyle(block);
    const left = box.left + parseFloat(style.paddingLeft) + parseFloat(style.borderLeftWidth);
    const right = box.right - parseFloat(style.paddingRight) - parseFloat(style.borderRightWidth);
    return { left, right, zero: wide(style, "0"), lines: [] };
  };
  const lines = (all) => new Set(Array.from(all, (box) => Math.round(box.bottom / 4))).size;

  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) {
    const around = node.parentElement;
    if (!node.data.trim() || around.closest(".unseen, .skip, svg, script, option")) continue;
    if (!around.checkVisibility()) continue;
    let block = around;
    while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    if (!blocks.has(block)) blocks.set(block, measured(block));
    const room = blocks.get(block), range = document.createRange();
    range.selectNodeContents(node);
    const here = [...range.getClientRects()].filter((box) => box.width > 1);
    room.lines.push(...here);
    boxes.push(...here.map((box) => ({ box, text: node.data, block })));
    if (here.some(({ left, right }) => left < room.left - 2 || right > room.right + 2))
      tell("outside", node.data, block);
    if (lines(here) < 2) continue;
    const zeros = (room.right - room.left) / room.zero;
    if (zeros < (block.closest("thead") ? leastOfHeads : least))
      tell(`narrow, ${Math.floor(zeros)}`, node.data, block);
    if (around.closest("code, pre")) continue;
    for (const word of node.data.matchAll(/(?<![^\\s-])[\\p{L}\\p{N}_.,:;()]+(?![^\\s-])/gu)) {
      if (word[0].length > whole) continue;
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (lines(range.getClientRects()) > 1) tell("broken", word[0], block);
    }
  }

  for (const [block, room] of blocks) {
    const [left, right] = [room.lines.map((box) => box.left), room.lines.map((box) => box.right)];
    const zeros = (Math.max(...right) - Math.min(...left)) / room.zero;
    if (zeros > most && lines(room.lines) > 1) tell(`wide, ${Math.ceil(zeros)}`, block.textContent, block);
  }

  boxes.sort((one, other) => one.box.top - other.box.top);
  boxes.forEach(({ box, text, block }, place) => {
    for (let next = place + 1; next < boxes.length && boxes[next].box.top < box.bottom - 3; next += 1) {
      const other = boxes[next].box;
      if (other.left < box.right - 2 && other.right > box.left + 2) tell("overlapping", text, block);
    }
  });

  for (const cell of document.querySelectorAll("td[data-label]")) {
    const label = getComputedStyle(cell, "::before"), room = parseFloat(getComputedStyle(cell).paddingLeft);
    const shown = label.content !== "none" && cell.checkVisibility();
    if (shown && wide(label, cell.dataset.label) > room - 4) tell("label too long", cell.dataset.label, cell);
  }
  return [...told];
}"""


def unreadable(shown: Opened) -> list[str]:
    """What is too narrow, too wide, broken, outside of what it stands in, or on top of something else."""
    found: list[str] = shown.page.evaluate(_UNREADABLE, [LEAST, LEAST_OF_HEADS, MOST, WHOLE])
    return found
