"""DCAT 3 in JSON-LD: a publication's metadata.json in, its dcat:Dataset out (W3C Recommendation of 22 August 2024). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from portals.folder.names import mailto

CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "spdx": "http://spdx.org/rdf/terms#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "csvw": "http://www.w3.org/ns/csvw#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dct:issued": {"@type": "xsd:dateTime"},
    "dcat:startDate": {"@type": "xsd:date"},
    "dcat:endDate": {"@type": "xsd:date"},
    "dcat:byteSize": {"@type": "xsd:nonNegativeInteger"},
    "spdx:checksumValue": {"@type": "xsd:hexBinary"},
    "dcat:accessURL": {"@type": "@id"},
    "dcat:downloadURL": {"@type": "@id"},
    "dcat:mediaType": {"@type": "@id"},
    "dct:accrualPeriodicity": {"@type": "@id"},
}
_EU: Final = "http://publications.europa.eu/resource/authority/frequency/"
FREQUENCIES: Final = {
    "continuous": "UPDATE_CONT",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "semiannual": "ANNUAL_2",
    "annual": "ANNUAL",
    "biennial": "BIENNIAL",
    "quinquennial": "QUINQUENNIAL",
    "irregular": "IRREG",
    "never": "NEVER",
}
LICENCES: Final = {
    "cc-by": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-sa": "https://creativecommons.org/licenses/by-sa/4.0/",
    "cc-zero": "https://creativecommons.org/publicdomain/zero/1.0/",
    "odc-by": "http://opendatacommons.org/licenses/by/1.0/",
    "odc-odbl": "http://opendatacommons.org/licenses/odbl/1.0/",
}


def dcat_dataset(record: Mapping[str, Any], *, key: str, base: str) -> str:
    """One dcat:Dataset as JSON text. `key`: folder of the edition. `base`: before each address; "" makes them relative to the catalogue."""
    dataset = record["dataset"]
    folder = f"{base}dataset/{dataset['dataset_id']}"
    agency = {"@type": "foaf:Organization", "dct:identifier": record["opd"], "foaf:name": record["opd_name"]}
    described: dict[str, object] = {
        "@id": f"{folder}/latest/index.html",
        "@type": "dcat:Dataset",
        "dct:identifier": dataset["dataset_id"],
        "dct:title": _indonesian(dataset["title"]),
        "dct:description": _indonesian(dataset["summary"]),
        "dcat:keyword": [_indonesian(word) for word in dataset["keywords"]],
        "dct:publisher": agency,
        "dct:creator": {"@type": "foaf:Organization", "foaf:name": dataset["section"]},
        "dcat:contactPoint": {
            "@type": "vcard:Kind",
            "vcard:fn": dataset["responsible"]["position"],
            "vcard:hasEmail": {"@id": mailto(dataset["responsible"]["email"])},
        },
        "dct:temporal": {"@type": "dct:PeriodOfTime", "dcat:startDate": dataset["period_start"], "dcat:endDate": dataset["period_end"]},
        "dct:accrualPeriodicity": _EU + FREQUENCIES[dataset["frequency"]],
        "dct:spatial": [{"@type": "dct:Location", "dct:identifier": region} for region in dataset["regions"]],
        "dct:accessRights": {"@type": "dct:RightsStatement", "rdfs:label": dataset["information_class"]},
        "dct:license": _licence(dataset["license"]),
        "dct:issued": record["approved_at"],
        "dcat:version": dataset.get("version", str(record["edition"])),
        "dcat:distribution": [_distribution(file, folder=f"{folder}/{key}", dataset=dataset) for file in record["files"]],
    }
    if "theme" in dataset:
        described["dcat:theme"] = {"@type": "skos:Concept", "skos:prefLabel": _indonesian(dataset["theme"])}
    if "source" in dataset or "method" in dataset:
        words = [dataset[name] for name in ("source", "method") if name in dataset]
        described["dct:provenance"] = {"@type": "dct:ProvenanceStatement", "rdfs:label": _indonesian("\n".join(words))}
    return json.dumps(described, ensure_ascii=False)


def _distribution(file: Mapping[str, Any], *, folder: str, dataset: Mapping[str, Any]) -> dict[str, object]:
    distribution: dict[str, object] = {
        "@type": "dcat:Distribution",
        "dct:title": file["name"],
        "dcat:accessURL": f"{folder}/index.html",
        "dcat:downloadURL": f"{folder}/{file['path']}",
        "dcat:mediaType": f"https://www.iana.org/assignments/media-types/{quote(file['media_type'].partition(';')[0], safe='/+')}",
        "dcat:byteSize": file["bytes"],
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": file["sha256"],
        },
    }
    if dataset.get("columns"):
        distribution["csvw:tableSchema"] = {
            "csvw:column": [
                {"csvw:name": column["name"], "csvw:datatype": column["type"], "dct:description": column["description"]}
                for column in dataset["columns"]
            ]
        }
    return distribution


def _indonesian(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "id"}


def _licence(name: str) -> dict[str, str]:
    known = LICENCES.get(name.lower())
    return {"@id": known} if known else {"@type": "dct:LicenseDocument", "rdfs:label": name}
