"""Headless Chromium over the pipe of its debugging protocol: no port, no driver, no packages."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


def find():
    """The browser's path, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """A browser with a profile of its own, which goes when it is closed."""

    def __init__(self, path):
        self.profile = tempfile.mkdtemp(prefix="arenabench-page-")
        # The browser reads requests from its descriptor 3 and answers on 4.
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (request_read, reply_write)]

        def place():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            [path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--remote-debugging-pipe", "--hide-scrollbars",
             f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=place, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (request_read, reply_write, *ends):
            os.close(fd)
        self.requests, self.replies = request_write, reply_read
        self.pending, self.n, self.events = b"", 0, []

    def receive(self, seconds=30):
        """The next message; TimeoutError when none comes."""
        until = time.monotonic() + seconds
        while b"\0" not in self.pending:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.replies], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self.replies, 1 << 20)
            if not piece:
                raise TimeoutError("the browser has ended")
            self.pending += piece
        message, _, self.pending = self.pending.partition(b"\0")
        return json.loads(message)

    def call(self, method, params=None, session=None):
        self.n += 1
        message = {"id": self.n, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.requests, data):]
        while True:
            reply = self.receive()
            if reply.get("id") == self.n:
                if "error" in reply:
                    raise RuntimeError(f"{method}: {reply['error']}")
                return reply["result"]
            self.events.append(reply)

    def renderer_seconds(self):
        """CPU time that all tabs have taken so far."""
        info = self.call("SystemInfo.getProcessInfo")["processInfo"]
        return sum(p["cpuTime"] for p in info if p["type"] == "renderer")

    def close(self):
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    """A file in a tab of its own; everything it complains of or asks for is in `complaints` and `asked`.
    `before` is a script that runs before its own."""

    def __init__(self, browser, path, width=1280, dark=False, height=900, before=None):
        self.browser = browser
        target = browser.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = browser.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        browser.events.clear()
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        if dark:
            self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.call("Page.addScriptToEvaluateOnNewDocument", source="""
            window.shifted = 0;
            new PerformanceObserver((list) => list.getEntries().forEach((e) => { window.shifted += e.value; }))
              .observe({ type: "layout-shift", buffered: true });""")
        if before:
            self.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        began, taken = time.monotonic(), browser.renderer_seconds()
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while self.value("document.documentElement?.dataset.ready") != "yes":
            if time.monotonic() - began > 30:
                raise TimeoutError(f"{path} does not become ready")
            time.sleep(0.02)
        self.seconds = time.monotonic() - began
        self.cpu_seconds = browser.renderer_seconds() - taken
        self.shifted = self.value("window.shifted")

    def call(self, method, **params):
        return self.browser.call(method, params, self.session)

    def look_through(self):
        """Goes down the page and back, as a reader does: charts are drawn when they come near."""
        self.value("""(async () => {
          for (let y = 0; y < document.documentElement.scrollHeight; y += 400) {
            scrollTo(0, y);
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)));
          }
          scrollTo(0, 0);
        })()""")
        self.settle()

    def value(self, expression):
        """What a JavaScript expression gives, as Python has it."""
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in reply:
            raise RuntimeError(f"{expression}: {reply['exceptionDetails']}")
        return reply["result"].get("value")

    def key(self, key):
        code = {"Enter": 13, "Escape": 27}.get(key, 0)
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, text=text, windowsVirtualKeyCode=code)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def settle(self):
        self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(1), 50)))")

    @property
    def complaints(self):
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening")
        return [e for e in self.browser.events if e["method"] in kinds]

    @property
    def asked(self):
        return [e["params"]["request"]["url"] for e in self.browser.events if e["method"] == "Network.requestWillBeSent"]

    def screenshot(self, path):
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"])
