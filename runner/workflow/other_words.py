"""The words of other tools and of other languages, and ours."""

from __future__ import annotations

from collections.abc import Mapping

SYNONYMS: Mapping[tuple[str, str], str] = {
    ("step", "name"): "id",
    ("step", "question"): "prompt",
    ("step", "ask"): "prompt",
    ("step", "text"): "prompt",
    ("step", "user"): "prompt",
    ("step", "system_prompt"): "system",
    ("step", "system_instruction"): "system",
    ("step", "messages"): "prompt",
    ("step", "message"): "prompt",
    ("step", "response_format"): "schema",
    ("step", "response_schema"): "schema",
    ("step", "output_schema"): "schema",
    ("step", "answer"): "schema",
    ("step", "list"): "list_of",
    ("step", "record"): "fields",
    ("step", "thinking_level"): "thinking",
    ("step", "max_tokens"): "max_output_tokens",
    ("step", "resolution"): "media_resolution",
    ("step", "foreach"): "for_each",
    ("step", "from"): "boxes",
    ("step", "masks"): "boxes",
    ("step", "things"): "boxes",
    ("step", "boxes"): "into",
    ("step", "with"): "add",
    ("step", "margin"): "padding",
    ("step", "sort_by"): "sort",
    ("step", "order_by"): "sort",
    ("step", "limit"): "keep",
    ("step", "top"): "keep",
    ("step", "value"): "number",
    ("defaults", "thinking_level"): "thinking",
    ("defaults", "max_tokens"): "max_output_tokens",
    ("defaults", "resolution"): "media_resolution",
    ("outputs", "format"): "as",
    ("outputs", "type"): "as",
    ("outputs", "file"): "to",
    ("outputs", "path"): "to",
    ("outputs", "folder"): "to",
    ("outputs", "of"): "save",
    ("outputs", "from"): "save",
    ("outputs", "step"): "save",
    ("checks", "of"): "that",
    ("checks", "value"): "that",
    ("checks", "equal"): "equals",
    ("checks", "is"): "equals",
    ("checks", "min"): "at_least",
    ("checks", "max"): "at_most",
    ("checks", "minimum"): "at_least",
    ("checks", "maximum"): "at_most",
    ("checks", "greater_than"): "at_least",
    ("checks", "more_than"): "at_least",
    ("checks", "gt"): "at_least",
    ("checks", "gte"): "at_least",
    ("checks", "less_than"): "at_most",
    ("checks", "fewer_than"): "at_most",
    ("checks", "lt"): "at_most",
    ("checks", "lte"): "at_most",
    ("checks", "regex"): "matches",
    ("checks", "in"): "one_of",
    ("run", "concurrency"): "parallel",
    ("run", "workers"): "parallel",
    ("run", "budget"): "max_cost_usd",
    ("run", "max_cost"): "max_cost_usd",
    ("run", "timeout"): "timeout_seconds",
    ("run", "repeats"): "repeat",
    ("", "tests"): "checks",
    ("", "asserts"): "checks",
    ("", "variables"): "vars",
    ("", "settings"): "defaults",
    ("", "config"): "defaults",
    ("", "files"): "images",
    ("", "photos"): "images",
    ("", "pictures"): "images",
    ("", "tasks"): "steps",
    ("", "save"): "outputs",
    ("field", "options"): "choices",
    ("field", "values"): "choices",
    ("field", "enum"): "choices",
    ("field", "allowed"): "choices",
    ("field", "one_of"): "choices",
    ("field", "kind"): "type",
    ("field", "desc"): "description",
    ("field", "minimum"): "min",
    ("field", "maximum"): "max",
    ("dataset", "path"): "file",
    ("dataset", "csv"): "file",
    ("dataset", "images"): "image_columns",
    ("dataset", "columns"): "image_columns",
    ("dataset", "id"): "id_column",
    ("dataset", "folder"): "image_folder",
}
"""Words of other tools: part of the file and the word, and ours."""


TRANSLATIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("bilder", "bild", "fotos", "foto", "imagenes", "photo"), ("images", "image")),
    **dict.fromkeys(("image", "picture", "pictures"), ("images",)),
    **dict.fromkeys(("schritte", "etapes", "pasos"), ("steps",)),
    **dict.fromkeys(("pruefungen", "verifications", "controles"), ("checks",)),
    **dict.fromkeys(("ausgaben", "ausgabe", "sorties", "salidas"), ("outputs",)),
    **dict.fromkeys(("variablen",), ("vars",)),
    **dict.fromkeys(("vorgaben", "einstellungen", "reglages", "parametres"), ("defaults",)),
    **dict.fromkeys(("modell", "modele", "modelo"), ("model",)),
    **dict.fromkeys(("frage", "anweisung", "aufforderung", "consigne"), ("prompt",)),
    **dict.fromkeys(("felder", "champs", "campos"), ("fields",)),
    **dict.fromkeys(("liste", "liste_von", "liste_de", "lista"), ("list_of",)),
    **dict.fromkeys(("beispiele", "exemples", "ejemplos"), ("examples",)),
    **dict.fromkeys(("auswahl", "choix"), ("choices",)),
    **dict.fromkeys(("rahmen", "kaesten", "boites", "cadres"), ("boxes",)),
    **dict.fromkeys(("tabelle", "tableau", "datensatz", "tabla"), ("dataset",)),
    **dict.fromkeys(("wahrheit", "verite"), ("truth",)),
    **dict.fromkeys(("datei", "fichier", "archivo"), ("file", "to")),
    **dict.fromkeys(("beschreibung", "descripcion"), ("description",)),
    **dict.fromkeys(("titel", "titre", "titulo"), ("title",)),
    **dict.fromkeys(("speichern", "sichern", "enregistrer", "guardar"), ("save",)),
    **dict.fromkeys(("wiederholungen", "repetitions"), ("repeat",)),
    **dict.fromkeys(("fuer_jedes", "fuer_jeden", "pour_chaque", "para_cada"), ("for_each",)),
    **dict.fromkeys(("wenn", "falls", "si"), ("when",)),
    **dict.fromkeys(("denken", "nachdenken"), ("thinking",)),
}
"""Words of German, French and Spanish, as names of a file: the keys that they may mean."""

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("cut", "cut_out", "cutout", "extract", "clip", "slice"), "crop"),
    **dict.fromkeys(("ausschneiden", "zuschneiden", "decouper", "couper", "recortar"), "crop"),
    **dict.fromkeys(("select", "keep", "drop", "remove", "sort", "limit", "top"), "filter"),
    **dict.fromkeys(("filtern", "filtrer", "filtrar", "auswaehlen", "trier"), "filter"),
    **dict.fromkeys(("join", "combine", "add", "attach", "union"), "merge"),
    **dict.fromkeys(("verbinden", "zusammenfuehren", "fusionner", "unir"), "merge"),
    **dict.fromkeys(("calculate", "calc", "count", "math", "format"), "compute"),
    **dict.fromkeys(("berechnen", "rechnen", "calculer", "calcular"), "compute"),
}
"""What a step does in the words of others."""

NO_CONDITIONS = "a condition is written when: {that: find.boxes.count, at_least: 1}"
NO_ORDER = "delete it: steps run from top to bottom, and a prompt names answers as {{ find.boxes }}"
ONE_BY_ONE = "write for_each: with a list, such as find.boxes"

GOES_ON = (
    "if it goes on with the text above it, write that text as a block: `prompt: |`, and all its "
    "lines below it, indented more"
)

NO_ADDRESS = (
    "an address never stands in a file, so that no file decides where your images go: write "
    "--base-url, or set OPENAI_BASE_URL or GOOGLE_GEMINI_BASE_URL"
)

ADVICE: Mapping[tuple[str, str], str] = {
    **{(part, "batch"): "write `run: {mode: batch}`" for part in ("", "defaults", "step")},
    ("run", "batch"): "write mode: batch",
    **{(part, "base_url"): NO_ADDRESS for part in ("", "defaults", "step", "run")},
    **{(part, "endpoint"): NO_ADDRESS for part in ("", "defaults", "step", "run")},
    ("step", "if"): NO_CONDITIONS,
    ("step", "unless"): NO_CONDITIONS,
    ("step", "condition"): NO_CONDITIONS,
    ("step", "foreach"): ONE_BY_ONE,
    ("step", "loop"): ONE_BY_ONE,
    ("step", "needs"): NO_ORDER,
    ("step", "depends_on"): NO_ORDER,
    ("step", "after"): NO_ORDER,
    ("step", "type"): "what the answer looks like is written as `schema:` or `fields:`",
    ("field", "required"): "delete it: every field must be filled in unless it is `optional: true`",
    ("field", "default"): "delete it; a field that may be missing is `optional: true`",
    ("", "messages"): "write what to ask as `prompt:` in a step, under `steps:`",
}
"""Words of other tools for which the format has no word, and what to do."""
