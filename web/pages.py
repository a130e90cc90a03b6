"""The shell of server-rendered pages: templates with escaping on, own styles, headers that allow nothing from elsewhere."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def render(template: str, **content: object) -> str:
    """A page of `web/templates/` as HTML."""
    return _templates().get_template(template).render(**content)


def api_reference(openapi: dict[str, Any]) -> str:
    """An OpenAPI document as a page to read, without scripts and without anything from another server."""
    calls = [
        {"method": method.upper(), "path": path, **call} for path, methods in openapi["paths"].items() for method, call in methods.items()
    ]
    lanes: dict[str, list[dict[str, Any]]] = {}
    for call in calls:
        lanes.setdefault((call.get("tags") or ["process"])[0], []).append(call | {"body": _body(call, openapi)})
    return render("api.html", title=openapi["info"]["title"], lanes=lanes)


def _body(call: dict[str, Any], openapi: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a call's JSON body: name, type in words, whether it must be there, what it is."""
    content = call.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolved(content.get("schema", {}), openapi)
    needed = set(schema.get("required", ()))
    return [
        {"name": name, "needed": name in needed, "type": _type(field, openapi), "words": field.get("description", "")}
        for name, field in schema.get("properties", {}).items()
    ]


def _type(field: dict[str, Any], openapi: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(each, openapi) for each in field["anyOf"])
    if "$ref" in field:
        inner = _resolved(field, openapi)
        return "{" + ", ".join(inner.get("properties", {})) + "}"
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}), openapi)}"
    return str(field.get("type", "any"))


def _resolved(schema: dict[str, Any], openapi: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = openapi.get("components", {}).get("schemas", {}).get(name, schema) if name else schema
    return found
