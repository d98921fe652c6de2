# SPDX-License-Identifier: MIT
"""The commands of docs/push.md, against servers on loopback that read requests as
Pyroscope (/ingest) and Parca (WriteRaw by gRPC-Web) do."""
import email
import http.server
import json
import re
import sys
import threading
import urllib.parse

import pytest

from conftest import BUILD, SOURCE, environment, record, refknot, run
from readers import fields, pprof, sums, tool

PAGE = (SOURCE / "docs/push.md").read_text()
MOST = 1 << 20  # bytes of a request
WRITE_RAW = "/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw"


def blocks(text):
    """Commands of the page: what is indented, by its first word."""
    found = re.findall(r"(?m)^(?: {4}.*\n)+", re.sub(r"(?s)```.*?```", "", text))
    return {part.split()[0]: re.sub(r"(?m)^ {4}", "", part) for part in found}


class Handler(http.server.BaseHTTPRequestHandler):
    """Keeps what was asked, and answers as the server is told to."""

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        assert size <= MOST
        self.server.asked.append((self.path, self.headers, self.rfile.read(size)))
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.asked, made.answer = [], (200, {}, b"")
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(60)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(a directory with app.rkn and app.pb.gz, sums of the recording)."""
    directory = tmp_path_factory.mktemp("push")
    recording = record(directory, BUILD / "samples/orphaned_cycle").main
    recording.rename(directory / "app.rkn")
    done = run("sh", "-c", blocks(PAGE)["refknot"].splitlines()[1].replace(
        "refknot", str(BUILD / "cli/refknot"), 1), cwd=directory)
    assert done.status == 0, done.told
    return directory, sums(directory / "app.rkn")


def is_profile(data, said):
    totals = pprof(data)["totals"]
    assert totals["inuse_space"] == said["live-bytes"]
    assert totals["peak_space"] == said["peak-bytes"] > 0
    assert totals["leaked_space"] == said["leaked-bytes"] > 0


def test_pyroscope_gets_a_profile_and_what_its_types_are(made, server):
    tool("curl")
    directory, said = made
    command = blocks(PAGE)["curl"].replace(
        "localhost:4040", f"127.0.0.1:{server.server_port}")
    done = run("sh", "-c", command, cwd=directory, env=environment(
        no_proxy="127.0.0.1"))
    assert done.status == 0, done.told
    (path, headers, body), = server.asked
    target = urllib.parse.urlparse(path)
    query = {k: v for k, (v,) in urllib.parse.parse_qs(target.query).items()}
    assert target.path == "/ingest" and query["format"] == "pprof"
    assert query["name"] == "app{branch=main}"
    assert 0 < int(query["from"]) < int(query["until"])
    form = email.message_from_bytes(
        b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    assert form.get_content_type() == "multipart/form-data"
    parts = {p.get_param("name", header="content-disposition"): p
             for p in form.get_payload()}
    # Go's server takes these as files: each has a file name.
    assert set(parts) == {"profile", "sample_type_config"}
    assert all(p.get_filename() for p in parts.values())
    data = parts["profile"].get_payload(decode=True)
    is_profile(data, said)
    types = json.loads(parts["sample_type_config"].get_payload(decode=True))
    assert set(types) == {name for name, _ in pprof(data)["types"]}
    for name, how in types.items():
        assert how["units"] == ("bytes" if name.endswith("space") else "objects")
        assert how["aggregation"] in ("sum", "average")


def test_what_pyroscope_refuses_is_told(made, server):
    tool("curl")
    server.answer = 422, {}, b"failed to parse"
    command = blocks(PAGE)["curl"].replace(
        "localhost:4040", f"127.0.0.1:{server.server_port}")
    assert run("sh", "-c", command, cwd=made[0],
               env=environment(no_proxy="127.0.0.1")).status != 0


def framed(flag, data):
    return bytes([flag]) + len(data).to_bytes(4, "big") + data


def push_parca(made, server):
    script = made[0] / "push-parca.py"
    script.write_text(re.search(r"(?s)```python\n(.*?)```", PAGE)[1])
    command = blocks(PAGE)["python3"].replace(
        "localhost:7070", f"127.0.0.1:{server.server_port}").replace(
            "python3", sys.executable, 1)
    return run("sh", "-c", command, cwd=made[0],
               env=environment(no_proxy="127.0.0.1"))


def test_parca_gets_a_profile_with_its_labels(made, server):
    server.answer = (200, {"Content-Type": "application/grpc-web+proto"},
                     framed(0, b"") + framed(0x80, b"grpc-status:0\r\n"))
    done = push_parca(made, server)
    assert done.status == 0, done.told
    (path, headers, body), = server.asked
    # Parca's gRPC-Web takes any path that ends with the method's.
    assert path == "/api" + WRITE_RAW
    assert headers["Content-Type"] == "application/grpc-web+proto"
    assert body[0] == 0 and int.from_bytes(body[1:5], "big") == len(body) - 5
    request = dict(fields(body[5:]))
    assert set(request) == {2, 3} and request[3] == 0
    series = dict(fields(request[2]))
    labels = [dict(fields(label)) for number, label in fields(series[1])
              if number == 1]
    assert [(p[1], p[2]) for p in labels] == [(b"__name__", b"memory"),
                                             (b"job", b"app")]
    sample = dict(fields(series[2]))
    assert set(sample) == {1}
    is_profile(sample[1], made[1])


@pytest.mark.parametrize("headers, body", [
    ({}, framed(0x80, b"grpc-status: 3\r\ngrpc-message: no profile\r\n")),
    ({"grpc-status": "12"}, b""), ({}, b"<html>"),
])
def test_what_parca_refuses_is_told(headers, body, made, server):
    server.answer = 200, headers, body
    done = push_parca(made, server)
    assert done.status == 1 and "refused" in done.told


def test_types_of_the_page_are_the_profile_s(made):
    types = [name for name, _ in
             pprof((made[0] / "app.pb.gz").read_bytes())["types"]]
    listed = re.findall(r"(?m)^\| `(\w+)`, `(\w+)` \|", PAGE)
    assert [name for row in listed for name in row] == types
    assert refknot("export", "-f", "pprof", made[0] / "app.rkn").status == 0
