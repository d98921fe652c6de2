# SPDX-License-Identifier: MIT
"""A browser without a window: Chromium, driven by chromedriver over HTTP as
https://www.w3.org/TR/webdriver2/ has it."""
import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

PATIENCE = 60  # seconds; against hanging, not a measurement
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Up": "\ue013",
        "Down": "\ue015", "Left": "\ue012", "Right": "\ue014", "End": "\ue010",
        "Home": "\ue011", "PageUp": "\ue00e", "PageDown": "\ue00f"}


def missing():
    """What there is not, or None."""
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            return f"there is no {program} (Debian: chromium chromium-driver)"
    return None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    def __init__(self, directory):
        port = free_port()
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{port}"
        self.session = ""
        self.wait(self.answers)
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": [
                "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", f"--user-data-dir={directory}"]},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = "/session/" + made["sessionId"]
        self.process = made["capabilities"].get("goog:processID")

    def answers(self):
        try:
            return self.call("GET", "/status")["ready"]
        except OSError:
            return False

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=2 * PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from error

    def end(self):
        try:
            self.call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()

    @staticmethod
    def wait(condition):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"not within {PATIENCE} seconds: {condition}")

    # --- What tests do

    def devtools(self, command, **parameters):
        return self.call("POST", self.session + "/goog/cdp/execute",
                         {"cmd": command, "params": parameters})

    def run(self, script, *arguments):
        return self.call("POST", self.session + "/execute/sync",
                         {"script": script, "args": list(arguments)})

    def open(self, path, view="", width=1280, height=900):
        """Opens the page at one of its views, and waits for it."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width,
                      height=height, deviceScaleFactor=1, mobile=False)
        self.call("POST", self.session + "/url", {"url": "about:blank"})
        self.log("browser")
        self.log("performance")
        self.call("POST", self.session + "/url",
                  {"url": f"file://{path}" + (f"#/{view}" if view else "")})
        self.wait(lambda: self.run(
            "return document.documentElement.dataset.ready"))
        self.settle()

    def view(self, name):
        self.run("location.hash = '#/' + arguments[0]", name)
        self.settle()

    def settle(self):
        """Until what was asked for is drawn: effects of drawing draw again."""
        self.run("return new Promise((r) => { let n = 6; const step = () =>"
                 " n-- ? requestAnimationFrame(step) : setTimeout(r, 0);"
                 " step(); })")

    def log(self, kind):
        return self.call("POST", self.session + "/se/log", {"type": kind})

    def errors(self):
        return [line["message"] for line in self.log("browser")
                if line["level"] == "SEVERE"]

    def requests(self):
        """The addresses that were asked for since open()."""
        events = [json.loads(line["message"])["message"]
                  for line in self.log("performance")]
        return [e["params"]["request"]["url"] for e in events
                if e["method"] == "Network.requestWillBeSent"]

    def text(self, selector="main"):
        return self.run("return document.querySelector(arguments[0])"
                        "?.innerText ?? ''", selector)

    def texts(self, selector):
        return self.run("return Array.from(document.querySelectorAll("
                        "arguments[0]), (e) => (e.innerText ?? e.textContent).trim())", selector)

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)
        self.settle()

    def choose(self, selector, value):
        """In a <select>, or what is typed into a field."""
        self.run("const e = document.querySelector(arguments[0]);"
                 "e.value = arguments[1];"
                 "e.dispatchEvent(new Event(e.tagName === 'SELECT' ? 'change'"
                 " : 'input', {bubbles: true}))", selector, value)
        self.settle()

    def brush(self, way):
        """Sets the window of the timeline by its two fields, in seconds."""
        for k in (1, 0):
            self.run("const e = document.querySelectorAll('.bar input')"
                     "[arguments[0]]; e.value = arguments[1];"
                     "e.dispatchEvent(new Event('change', {bubbles: true}))",
                     k, way[k])
            self.settle()

    def press(self, *names, selector=None):
        """Keys as a person presses them, one after another."""
        if selector:
            self.run("document.querySelector(arguments[0]).focus()", selector)
        actions = []
        for name in names:
            key = KEYS.get(name, name)
            actions += [{"type": "keyDown", "value": key},
                        {"type": "keyUp", "value": key}]
        self.call("POST", self.session + "/actions", {"actions": [
            {"type": "key", "id": "keys", "actions": actions}]})
        self.settle()

    def rows(self, table=".table table"):
        """All rows of a table, which shows only those in sight but on paper."""
        self.run("dispatchEvent(new Event('beforeprint'))")
        self.settle()
        rows = self.run(
            "return Array.from(document.querySelectorAll(arguments[0] + "
            "' tbody tr:not([aria-hidden])'), (r) => Array.from(r.children, "
            "(c) => c.textContent))", table)
        self.run("dispatchEvent(new Event('afterprint'))")
        self.settle()
        return rows

    def picture(self, path):
        data = self.devtools("Page.captureScreenshot")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
