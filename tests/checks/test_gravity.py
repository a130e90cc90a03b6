"""How grave it is, and what is masked: mobile telephones in tables of offices, days of births that look like counts."""

import json
from pathlib import Path

import pytest

from checks.limits import LIMITS
from checks.run import Given, Metadata, look_at
from tests.checks.sheets import checked

LED = "no,{},ketua,no_hp\n1,Tani Makmur,Budi Santoso,081234567890\n2,Sri Rejeki,Siti Aminah,085712345678\n"
ALONE = "no,{},no_hp\n1,Tani Makmur,081234567890\n2,Sri Rejeki,085712345678\n"


@pytest.mark.parametrize(
    ("content", "severity"),
    [
        (LED.format("kelompok"), "error"),
        (LED.format("nama_kelompok"), "error"),
        (LED.format("opd"), "error"),
        (ALONE.format("kelompok"), "warning"),
        (ALONE.format("sekolah"), "warning"),
        (ALONE.format("opd"), None),
    ],
)
def test_a_mobile_telephone_is_of_whoever_is_named_beside_it(tmp_path: Path, content: str, severity: str | None) -> None:
    found = checked(tmp_path, "data.csv", content.encode())

    assert next((f.severity for f in found.findings if f.code == "personal_data_phone"), None) == severity


def test_no_profile_shows_what_may_be_days_of_births(tmp_path: Path) -> None:
    path = tmp_path / "isi"
    path.write_text("jenis_kelamin,lahir\n" + "".join(f"{'LP'[n % 2]},{29_000 + 137 * n}\n" for n in range(12)))

    _, profiles = look_at([Given(path, "data.csv", "text/csv")], Metadata((), ""), limits=LIMITS)

    assert "29137" not in json.dumps(profiles, default=str)
