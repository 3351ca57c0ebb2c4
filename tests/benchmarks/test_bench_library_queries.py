"""The benchmark of the library runs from end to end, on few tracks."""

import json
from pathlib import Path

from benchmarks import library_queries


def test_library_queries(tmp_path: Path) -> None:
    library_queries.main(["--tracks", "300", "--rounds", "2", "--results", str(tmp_path)])
    record = json.loads((tmp_path / "library_queries.json").read_text())
    assert record["tracks"] == 300
    figures = {figure["name"]: figure for figure in record["queries"]}
    assert figures["by artist, last page"]["found"] == 300
    assert 0 < figures['search "t", first page']["found"] <= 300
    assert figures['search "nothingatall", only page']["found"] == 0
    assert len(figures) == len(record["queries"]) > 30
    for figure in record["queries"]:
        assert 0 < figure["wall_ms"] <= figure["worst_ms"]
