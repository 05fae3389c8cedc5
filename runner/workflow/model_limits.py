"""What models accept: compared with what they are asked for, before anything is spent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.catalogue import Model, catalogue
from runner.values.problem import Route
from runner.workflow.findings import Findings
from runner.workflow.words import one_of, quoted


@dataclass(frozen=True, slots=True)
class Use:
    """A model with the settings that a step combines with it, in one combination or several."""

    model: str
    values: Mapping[str, Any]
    routes: Mapping[str, Route | None]


@dataclass(slots=True)
class _Unusual:
    """Values of a setting that stand in one place of the file, and the models that get them."""

    route: Route | None
    models: dict[str, None] = field(default_factory=dict)
    values: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class ModelCheck:
    """Compares what models are asked for with what they accept; tells each thing once, the last at
    the `finish`."""

    findings: Findings
    models: dict[str, Model] = field(default_factory=dict)
    _told: set[object] = field(default_factory=set)
    _temperatures: dict[Route | None, _Unusual] = field(default_factory=dict)

    def check(self, uses: Iterable[Use]) -> None:
        """All uses of one step."""
        for use in uses:
            model = self._model(use)
            self._thinking(use, model)
            self._budget(use, model)
            self._resolution(use, model)
            self._family(use, model)
            self._output(use, model)
            self._temperature(use, model)

    def _model(self, use: Use) -> Model:
        model = self.models.setdefault(use.model, catalogue().model(use.model))
        route = use.routes.get("model")
        if not model.known:
            close = catalogue().close(use.model)
            fix = f"did you mean `{close[0]}`?" if close else "`askpix models` lists known ones"
            message = f"the model {quoted(use.model)} is not known to this version of askpix"
            self._once("W501", route, message, fix, warning=True)
        elif model.alias_of:
            message = (
                f"`{model.name}` moves from model to model: the same file may answer otherwise "
                "next month"
            )
            fix = "name the model itself; `askpix models` lists them"
            self._once("W140", route, message, fix, warning=True)
        if model.deprecated:
            message = f"`{model.name}` is deprecated"
            self._once("W502", route, message, model.deprecated, warning=True)
        return model

    def _thinking(self, use: Use, model: Model) -> None:
        level = use.values.get("thinking")
        if level is None or not model.known or model.accepts_thinking(level):
            return
        message = f"`{model.name}` does not take thinking: {level}"
        budget = "thinking_budget from {} to {}".format(*model.budget) if model.budget else ""
        takes = [one_of(model.thinking)] if model.thinking else []
        takes += [f"a number: {budget}"] if budget else []
        fix = f"it takes {', or '.join(takes)}" if takes else "delete the line"
        route = self._mendable(use, "thinking")
        if route and route == use.routes.get("model"):
            file = self.findings.document.origin(use.routes["thinking"] or ()).source.file
            message += f", which {file} sets"
            fix = f"write thinking: beside it; {fix}"
        if route and route[0] == "matrix" and (use.routes.get("model") or ("",))[0] == "matrix":
            fix += "; `matrix_skip` leaves a combination out"
        self._once("W503", route, message, fix, about=model.name)

    def _budget(self, use: Use, model: Model) -> None:
        tokens = use.values.get("thinking_budget")
        if tokens is None or not model.known or model.accepts_budget(int(tokens)):
            return
        route = use.routes.get("thinking_budget")
        if model.budget is None:
            message = f"`{model.name}` does not take a thinking_budget"
            levels = one_of(model.thinking)
            fix = f"write thinking: with {levels}" if model.thinking else "delete the line"
            self._once("W503", route, message, fix, about=model.name)
            return
        least, most = model.budget
        message = f"`{model.name}` does not take thinking_budget: {tokens}"
        zero = ", 0 (no thinking)" if model.budget_may_be_zero else ""
        fix = f"it takes {least} to {most}{zero} and -1 (the model decides)"
        self._once("W504", route, message, fix, about=model.name)

    def _resolution(self, use: Use, model: Model) -> None:
        for key in ("media_resolution", *_image_keys(use)):
            wanted = use.values.get(key)
            if wanted is None or not model.known:
                continue
            if wanted not in model.resolutions:
                message = f"`{model.name}` does not take media_resolution: {wanted}"
                fix = f"it takes {one_of(model.resolutions)}"
                self._once("W505", use.routes.get(key), message, fix, about=model.name)
            elif key != "media_resolution" and not model.image_resolution:
                message = f"`{model.name}` takes one media_resolution for all images of a step"
                fix = "write it beside `prompt:`, not at an image"
                self._once("W505", use.routes.get(key), message, fix, about=model.name)

    def _family(self, use: Use, model: Model) -> None:
        family = use.values.get("api") or model.family
        if use.values.get("thinking_budget") is not None and family == "interactions":
            told = model.known and not model.accepts_budget(int(use.values["thinking_budget"]))
            if not told:
                message = "thinking_budget does not exist in the interactions API"
                route = use.routes.get("api") or use.routes.get("thinking_budget")
                self._once("W507", route, message, "write api: generate_content")
        if model.known and family not in model.families:
            message = f"`{model.name}` is not offered through api: {family}"
            fix = f"write api: {model.families[0]}"
            self._once("W507", use.routes.get("api"), message, fix, about=model.name)

    def _output(self, use: Use, model: Model) -> None:
        wanted = use.values.get("max_output_tokens")
        if wanted is not None and model.known and wanted > model.output_limit:
            message = f"`{model.name}` writes at most {model.output_limit:,} tokens"
            fix = f"write max_output_tokens: {model.output_limit}"
            route = use.routes.get("max_output_tokens")
            self._once("W506", route, message, fix, about=model.name)

    def _temperature(self, use: Use, model: Model) -> None:
        """Source: ai.google.dev, Gemini 3 guide: leave the temperature at its default of 1.0."""
        wanted, route = use.values.get("temperature"), use.routes.get("temperature")
        if wanted is None or wanted == 1 or not model.name.startswith("gemini-3"):
            return
        written = route[:2] if route and route[0] == "matrix" else route
        unusual = self._temperatures.setdefault(written, _Unusual(route))
        unusual.models.setdefault(model.name)
        unusual.values.setdefault(f"{wanted:g}")

    def finish(self) -> None:
        """Tells what is told once for all steps, and once for all values of an axis."""
        for unusual in self._temperatures.values():
            models, values = list(unusual.models), list(unusual.values)
            message = (
                f"Google advises to leave the temperature of {one_of(models, 'and')} at its default"
            )
            here = f"; here it is {one_of(values, 'and')}" if len(values) > 1 else ""
            fix = "delete the line; other values may make answers loop or get worse"
            self._once("W508", unusual.route, message + here, fix, warning=True)

    def _mendable(self, use: Use, key: str) -> Route | None:
        """Where a setting that does not go with its model can be mended: in the author's file."""
        document, route, model = (
            self.findings.document,
            use.routes.get(key),
            use.routes.get("model"),
        )
        if route and model and document.origin(route) is not document.file:
            return model if document.origin(model) is document.file else route
        return route

    def _once(
        self,
        code: str,
        route: Route | None,
        message: str,
        fix: str,
        *,
        about: str = "",
        warning: bool = False,
    ) -> None:
        key = (code, route, about, message)
        if key in self._told:
            return
        self._told.add(key)
        tell = self.findings.warning if warning else self.findings.error
        tell(code, route, message, fix)


def _image_keys(use: Use) -> tuple[str, ...]:
    return tuple(key for key in use.values if key.startswith("images."))
