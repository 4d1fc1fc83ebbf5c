// report.html in a real browser, headless Chromium: nothing in its console, no request to anywhere, tables that sort,
// sliders that work, nothing wider than a phone. Skipped where there is no Chromium.
#include <algorithm>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "base/files/read_file.h"
#include "report/charts/child_program.h"
#include "report/page/html.h"
#include "tests/report/sample_report.h"
#include "tests/support/temporary_folder.h"

namespace octet::browser_test {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Runs in a page around the report, which stands in a frame as wide as a phone: so the report itself is not changed.
/// Says of each check "NAME: ok", or what is wrong.
constexpr const char* kChecks = R"js(
const say = (name, fault) => console.log(name + ": " + (fault || "ok"));
const scrolls = (element) => {
  for (let box = element.parentElement; box; box = box.parentElement) {
    if (["auto", "scroll"].includes(frame.contentWindow.getComputedStyle(box).overflowX)) return true;
  }
  return false;
};
const checks = {
  width(page, width) {
    for (const details of page.querySelectorAll("details")) details.open = true;
    const wide = [...page.body.querySelectorAll("*")].find(
        (element) => element.getBoundingClientRect().right > width + 0.5 && !scrolls(element));
    if (wide) return "<" + wide.tagName.toLowerCase() + "> ends at " + Math.round(wide.getBoundingClientRect().right);
    if (page.documentElement.scrollWidth > width) return "the page scrolls sideways";
  },
  sorting(page) {
    for (const table of page.querySelectorAll("table")) {
      const button = table.tHead.rows[0].cells[1].querySelector("button");
      if (table.tBodies[0].rows.length < 2) continue;
      if (!button) return "a heading is no button";
      const column = () => [...table.tBodies[0].rows].map((row) => parseFloat(row.cells[1].textContent.replace(/,/g, "")));
      const numbers = column().filter((value) => !isNaN(value)).sort((a, b) => a - b);
      if (numbers.length < 2) continue;
      for (const order of [numbers, [...numbers].reverse()]) {
        button.click();
        const found = column().filter((value) => !isNaN(value));
        if (found.join() !== order.join()) return found + " instead of " + order;
      }
    }
    if (!page.querySelector("th[aria-sort]")) return "no table has numbers to sort";
  },
  sliders(page) {
    const at = (id) => page.getElementById("live-" + id);
    if (!at("grid") || at("grid").hidden) return "they are not shown";
    const move = (id, value) => {
      at(id).value = value;
      at(id).dispatchEvent(new page.defaultView.Event("input"));
      return parseFloat(at("readout").textContent.match(/SNR (-?[\d.]+) dB/)[1]);
    };
    const levels = () => at("weights").querySelectorAll(".level").length;
    const eight = move("bits", 8), levelsOfEight = levels(), two = move("bits", 2), levelsOfTwo = levels();
    if (!(eight > two + 12)) return "8 bits give " + eight + " dB, 2 bits " + two;
    if (levelsOfEight !== 255 || levelsOfTwo !== 3) return levelsOfEight + " and " + levelsOfTwo + " levels are drawn";
    const whole = move("bits", 8), cut = move("clip", 20);
    if (!(cut < whole)) return "a clip at 20 % costs nothing: " + whole + " dB, then " + cut;
  },
  requests(page) {
    const asked = page.defaultView.performance.getEntriesByType("resource");
    if (asked.length) return asked[0].name;
  },
};
const frame = document.querySelector("iframe");
frame.addEventListener("load", () => {
  for (const [name, check] of Object.entries(checks)) {
    try {
      say(name, check(frame.contentDocument, frame.clientWidth));
    } catch (error) {
      say(name, error.message);
    }
  }
});
)js";

fs::path find_chromium() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome", "chrome"}) {
    if (const fs::path program = find_program(name); !program.empty()) return program;
  }
  return {};
}

class ReportInABrowser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (find_chromium().empty()) GTEST_SKIP() << "Chromium is not installed (Debian: chromium)";
    make_folder(folder_.path() / "charts");
    draw_speed_chart(folder_.path() / "charts", "speed", {{"fp32", 100, 10}, {"int8", 150, 20}});
    Report report = sample::report();
    report.charts = {{"speed", "Speed relative to fp32", "What one sees", "speed"}};
    page_ = report_to_html(report, folder_.path());
  }

  /// What the console of the browser says when it has opened the page in a frame of 360 pixels and made the checks.
  std::vector<std::string> console_of(const std::string& page) {
    const fs::path around = folder_.path() / "around.html", log = folder_.path() / "console.log";
    write_file_atomically(
        around, "<!DOCTYPE html><meta charset=\"utf-8\"><template>" + escape_html(page) +
                    "</template><iframe width=\"360\" height=\"800\" frameborder=\"0\"></iframe>"
                    "<script>" +
                    kChecks + "frame.srcdoc = document.querySelector(\"template\").content.textContent;</script>");
    const ChildResult end =
        run_child({.program = find_chromium(),
                   .arguments = {"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                                 "--user-data-dir=" + (folder_.path() / "user").string(), "--enable-logging",
                                 "--log-file=" + log.string(), "--window-size=1280,900", "--dump-dom",
                                 "file://" + around.string()},
                   .environment = {"PATH=/usr/bin:/bin", "HOME=" + folder_.path().string(), "LC_ALL=C.UTF-8"},
                   .folder = folder_.path()},
                  std::chrono::seconds(120));
    EXPECT_TRUE(end.succeeded) << end.how << ": " << end.printed;
    return messages_in(read_text_file(log));
  }

  /// `[...:CONSOLE:12] "the message", source: ...`
  static std::vector<std::string> messages_in(const std::string& log) {
    std::vector<std::string> messages;
    for (std::size_t at = 0; (at = log.find(":CONSOLE:", at)) != std::string::npos;) {
      at = log.find('"', at) + 1;
      messages.push_back(log.substr(at, log.find("\", source: ", at) - at));
    }
    return messages;
  }

  std::string changed(const std::string& from, const std::string& to) const {
    std::string page = page_;
    const std::size_t at = page.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? page : page.replace(at, from.size(), to);
  }

  sample::TemporaryFolder folder_;
  std::string page_;
};

TEST_F(ReportInABrowser, WorksAndSaysNothing) {
  EXPECT_THAT(console_of(page_), ElementsAre("width: ok", "sorting: ok", "sliders: ok", "requests: ok"));
}

TEST_F(ReportInABrowser, AWideElementIsFound) {
  EXPECT_THAT(console_of(changed("</main>", "<p style=\"width:400px\">wide</p></main>")),
              Contains("width: <p> ends at 412"));
}

/// Also that no script runs but that of the page.
TEST_F(ReportInABrowser, AChangedScriptIsFound) {
  const std::vector<std::string> console = console_of(changed("\"use strict\";", "\"use strict\"; "));
  EXPECT_THAT(console, Contains(HasSubstr("Content Security Policy")));
  EXPECT_THAT(console, Contains("sorting: a heading is no button"));
  EXPECT_THAT(console, Contains("sliders: they are not shown"));
}

TEST_F(ReportInABrowser, ARequestIsFound) {
  EXPECT_THAT(console_of(changed("</main>", "<img src=\"http://127.0.0.1/x.png\" alt=\"\"></main>")),
              Contains(HasSubstr("Content Security Policy")));
  std::string without_policy = changed("default-src 'none';", "");
  without_policy.replace(without_policy.find("</main>"), 7, "<img src=\"http://127.0.0.1/x.png\" alt=\"\"></main>");
  EXPECT_THAT(console_of(without_policy), Not(Contains("requests: ok")));
}

}  // namespace
}  // namespace octet::browser_test
