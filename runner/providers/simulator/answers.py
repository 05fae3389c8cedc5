"""The answer to a question, made from the pixels that arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runner.providers.simulator import places
from runner.providers.simulator.filling import View, fill, label, sentence
from runner.providers.simulator.outline import png_mask, polygon
from runner.providers.simulator.prompts import Wish, wish
from runner.providers.simulator.question import Question
from runner.providers.simulator.said import Said, spell
from runner.providers.simulator.seen import Seen
from runner.providers.simulator.vision import Region
from runner.values.answer import Json


def answer(question: Question, images: Sequence[Seen]) -> Said:
    """What the simulated model says. `images` are those of the question, looked at.

    With several images it is about the last one, as in the two-image prompts of Google's guide,
    unless the schema has a number of the image in each record: then it is about all of them.
    """
    asked = wish(question.prompt, question.system, question.schema)
    last = images[-1] if images else None
    view = View(
        root=question.schema or {},
        wish=asked,
        images=tuple(images),
        regions=last.regions if last else (),
        png_masks=question.model.masks == "png",
    )
    limit = min(question.most_tokens or question.model.output_limit, question.model.output_limit)
    size = last.size if last else None
    if question.schema is not None:
        value = fill(question.schema, view)
        return Said(spell(value, False), value, is_json=True, size=size, limit=limit)
    if question.json_mode or (asked.places and images):
        value = _records(asked, view) if asked.places and images else _free_json(asked, view)
        fenced = not question.json_mode and asked.fence
        return Said(spell(value, fenced), value, True, fenced, size=size, limit=limit)
    return Said(_plain_text(asked, view), size=size, limit=limit)


def _records(asked: Wish, view: View) -> Json:
    """A bare list, as models write it when no schema says otherwise."""
    return [_record(asked, view.at(i), region) for i, region in enumerate(view.regions)]


def _record(asked: Wish, view: View, region: Region) -> Json:
    view = replace(view, region=region)
    record: dict[str, Json] = {}
    if asked.points and not asked.boxes and not asked.masks:
        record["point"] = [round(region.point.y), round(region.point.x)]
    if asked.boxes or asked.masks:
        record["box_2d"] = [round(edge) for edge in region.box.as_list()]
    if asked.masks:
        corners: list[Json] = [[x, y] for x, y in polygon(region)]
        record["mask"] = png_mask(region) if view.png_masks else corners
    if asked.boxes_3d:
        assert view.seen is not None
        record["box_3d"] = places.write("box_3d", region, {}, view.seen.size)
    record["label"] = label(view)
    return record


def _free_json(asked: Wish, view: View) -> Json:
    """JSON mode without a schema and without places: an object of one's own."""
    if asked.count:
        return {"count": len(view.regions), "description": sentence(view)}
    return {"description": sentence(view)}


def _plain_text(asked: Wish, view: View) -> str:
    if asked.yes_no:
        return ("Yes", "No")[view.choice(2)]
    if asked.count:
        count = str(len(view.regions))
        return count if asked.number_only else f"Simulated: {count} distinct regions."
    if len(asked.words) > 1:
        return asked.words[view.choice(len(asked.words))]
    return sentence(view)
