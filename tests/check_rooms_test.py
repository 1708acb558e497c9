#!/usr/bin/env python3
"""tools/check_rooms must catch what is planted, name the line, and stay silent on the tree as it is."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = """base:
math: base
market: base
store: base market
risk: base math market
app: base math market store risk
shell files: store
shell all: app
"""


def run(root):
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "check_rooms"), root], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Planted(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="check_rooms_")
        self.addCleanup(shutil.rmtree, self.root)
        self.write("rooms.txt", ROOMS)
        self.write("base/units.h", "#pragma once\n#include <cmath>\n")
        self.write("math/normal.h", '#pragma once\n#include "ballast/base/units.h"\n')
        self.write("math/internal/table.h", "#pragma once\n")
        self.write("math/normal.cc", '#include "ballast/math/normal.h"\n#include "ballast/math/internal/table.h"\n')
        self.write("market/quote.h", '#pragma once\n#include "ballast/base/units.h"\n')
        self.write("store/journal.cc", '#include <fstream>\n#include "ballast/market/quote.h"\nint f = open("x", 0);\n')
        self.write("risk/exposure.h", '#pragma once\n#include "ballast/math/normal.h"\n')
        self.write("app/main.cc", '#include <chrono>\n#include <iostream>\n#include <thread>\n#include "ballast/risk/exposure.h"\n'
                                  "auto t = std::chrono::system_clock::now();\n")
        self.write("ballast.h", '#pragma once\n#include "ballast/risk/exposure.h"\n#include "ballast/store/journal.h"\n')
        self.write("store/journal.h", "#pragma once\n")

    def write(self, path, text):
        whole = os.path.join(self.root, "ballast", path)
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)

    def finds(self, place, what):
        code, out, err = run(self.root)
        self.assertEqual(code, 1, out + err)
        lines = [line for line in out.splitlines() if line.startswith(f"ballast/{place}: ")]
        self.assertTrue(any(what in line for line in lines), f"no '{what}' at {place} in:\n{out}")
        self.assertRegex(out.splitlines()[-1], r"^\d+ files, \d+ rooms, 1 findings$")

    def is_clean(self):
        code, out, err = run(self.root)
        self.assertEqual((code, err), (0, ""), out)
        self.assertRegex(out, r"^\d+ files, 6 rooms, 0 findings\n$")

    def has_no_answer(self, what):
        code, out, err = run(self.root)
        self.assertEqual(code, 2, out + err)
        self.assertIn(what, err)

    def test_the_clean_tree(self):
        self.is_clean()

    # Who includes whom.

    def test_an_upward_include(self):
        self.write("math/roots.cc", '#include <cmath>\n\n#include "ballast/risk/exposure.h"\n')
        self.finds("math/roots.cc:3", "math may not include risk")

    def test_a_sideways_include(self):
        self.write("market/index.h", '#include "ballast/math/normal.h"\n')
        self.finds("market/index.h:1", "market may not include math")

    def test_the_direction_holds_for_tests_too(self):
        self.write("math/roots_test.cc", '#include "ballast/risk/exposure.h"\n')
        self.finds("math/roots_test.cc:1", "math may not include risk")

    def test_an_internal_header(self):
        self.write("risk/pnl.cc", '#include "ballast/math/internal/table.h"\n')
        self.finds("risk/pnl.cc:1", "internal to math")

    def test_the_umbrella(self):
        self.write("risk/pnl.cc", '#include "ballast/ballast.h"\n')
        self.finds("risk/pnl.cc:1", "is for users")

    def test_the_umbrella_stays_out_of_app(self):
        self.write("app/flags.h", "#pragma once\n")
        self.write("ballast.h", '#pragma once\n#include "ballast/app/flags.h"\n')
        self.finds("ballast.h:2", "may not include app")

    def test_a_file_in_no_room(self):
        self.write("loose.h", "#pragma once\n")
        self.finds("loose.h:1", "no room")

    def test_an_include_that_does_not_exist(self):
        self.write("risk/pnl.cc", '#include "ballast/math/missing.h"\n')
        self.finds("risk/pnl.cc:1", "does not exist")

    def test_an_include_by_neighbourhood(self):
        self.write("risk/pnl.cc", '#include "exposure.h"\n')
        self.finds("risk/pnl.cc:1", 'does not begin with "ballast/"')

    def test_an_include_that_climbs(self):
        self.write("math/roots.cc", '#include "ballast/base/../risk/exposure.h"\n')
        self.finds("math/roots.cc:1", "plain path")

    def test_ours_in_angles(self):
        self.write("math/roots.cc", "#include <ballast/risk/exposure.h>\n")
        self.finds("math/roots.cc:1", "in quotes")

    def test_tests_are_for_tests(self):
        os.makedirs(os.path.join(self.root, "tests"))
        with open(os.path.join(self.root, "tests", "support.h"), "w", encoding="utf-8"):
            pass
        self.write("math/roots_test.cc", '#include "tests/support.h"\n')
        self.is_clean()
        self.write("math/roots.cc", '#include "tests/support.h"\n')
        self.finds("math/roots.cc:1", "only be included by a test")

    # rooms.txt.

    def test_an_unknown_room(self):
        self.write("helpers/text.h", "#pragma once\n")
        self.finds("helpers:1", "unknown room")

    def test_a_room_without_folder(self):
        self.write("rooms.txt", ROOMS.replace("shell files", "hedge: base\nshell files"))
        self.finds("rooms.txt:7", "hedge has no folder")

    def test_a_cycle(self):
        self.write("rooms.txt", ROOMS.replace("math: base", "math: base risk"))
        self.finds("rooms.txt:2", "math names risk, which is no room above it")

    def test_a_room_that_names_itself(self):
        self.write("rooms.txt", ROOMS.replace("math: base", "math: base math"))
        self.finds("rooms.txt:2", "math names math")

    def test_an_exception_nobody_needs(self):
        self.write("rooms.txt", ROOMS + "allow math/normal.cc: fprintf\n")
        self.finds("rooms.txt:9", "nobody needs")

    def test_an_exception_for_a_file_that_is_gone(self):
        self.write("rooms.txt", ROOMS + "allow math/gone.cc: fprintf\n")
        self.finds("rooms.txt:9", "does not exist")

    def test_an_exception_opens_one_word_in_one_file(self):
        self.write("base/result.cc", "void f() {\n  std::fprintf(stderr, x);\n}\n")
        self.write("rooms.txt", ROOMS + "allow base/result.cc: fprintf\n")
        self.is_clean()
        self.write("base/text.cc", "void f() {\n  std::fprintf(stderr, x);\n}\n")
        self.finds("base/text.cc:2", "stdout: fprintf")

    # The core is pure.

    def test_effects_in_the_core(self):
        for text, what in [
            ("auto t = std::chrono::steady_clock::now();", "a clock: steady_clock"),
            ("auto t = Clock::now();", "a clock: ::now"),
            ("auto t = time(nullptr);", "a clock: time"),
            ("auto t = std::time(nullptr);", "a clock: time"),
            ("int f() { return time(nullptr); }", "a clock: time"),
            ("auto* t = localtime(&now);", "a clock: localtime"),
            ("#include <chrono>", "a clock: <chrono>"),
            ("# include <chrono>", "a clock: <chrono>"),
            ("#inc\\\nlude <chrono>", "a clock: <chrono>"),
            ("#define NOW clock_gettime(0, &t)", "a clock: clock_gettime"),
            ("std::random_device device;", "randomness: random_device"),
            ("int r = rand() % 6;", "randomness: rand"),
            ("std::mt19937 engine;", "randomness: mt19937engine"),
            ("auto engine = std::mt19937_64{};", "randomness: mt19937_64"),
            ("#include <fstream>", "files: <fstream>"),
            ("#include <archive.h>", "files: <archive.h>"),
            ('auto* f = std::fopen("x", "r");', "files: fopen"),
            ('int f = ::open("x", 0);', "files: open"),
            ('auto* home = getenv("HOME");', "the environment: getenv"),
            ('auto* home = std::getenv("HOME");', "the environment: getenv"),
            ("#include <iostream>", "stdout: <iostream>"),
            ("std::cout << 1;", "stdout: std::cout"),
            ('printf("x");', "stdout: printf"),
            ("#include <mutex>", "threads: <mutex>"),
            ("auto later = std::async(f);", "threads: std::async"),
            ("#include <sys/socket.h>", "sockets: <sys/socket.h>"),
            ('system("ls");', "other processes: system"),
        ]:
            with self.subTest(text):
                self.write("risk/pnl.cc", "int a = 0;\n" + text + "\n")
                code, out, err = run(self.root)
                self.assertEqual(code, 1, out + err)
                self.assertRegex(out, r"(?m)^ballast/risk/pnl\.cc:[23]: risk is pure and may not reach " + re.escape(what) + "$")

    def test_a_header_is_no_way_round(self):
        self.write("risk/exposure.h", '#pragma once\ninline const char* home() { return std::getenv("HOME"); }\n')
        self.finds("risk/exposure.h:2", "the environment: getenv")

    def test_the_store_has_files_and_no_clock(self):
        self.write("store/journal.cc", "#include <filesystem>\nauto t = time(nullptr);\n")
        self.finds("store/journal.cc:2", "store is pure and may not reach a clock")

    def test_what_only_looks_like_an_effect(self):
        self.write("risk/pnl.cc", r"""
// std::chrono::system_clock::now() and getenv("HOME")
/* #include <iostream>
   std::cout << rand(); */
const char* text = "time(nullptr); \" std::cout";
const char* raw = R"x(getenv("HOME") " )" // )x";
const char quote = '"', other = '\'', wide = L'x';
const int million = 1'000'000, hex = 0xff'ff; const char* more = "fopen(";
double f(const Feed& feed) { return feed.time(3) + feed->time(4) + Feed::time(5) + time_ms(6) + runtime(7); }
Years time(int day);
bool mark_open = is_open(8);
std::mt19937_64 engine(20260401);
int n = std::snprintf(buffer, size, "%d", 9);
""")
        self.is_clean()

    def test_a_string_does_not_hide_what_follows(self):
        self.write("risk/pnl.cc", 'const int a = 1\'000; const char* b = "//"; auto c = getenv("X");\n')
        self.finds("risk/pnl.cc:1", "the environment: getenv")

    def test_tests_and_benchmarks_may_touch_the_world(self):
        self.write("risk/pnl_test.cc", "#include <fstream>\n#include <iostream>\nauto t = time(nullptr);\n")
        self.write("risk/pnl_bench.cc", "#include <chrono>\n")
        self.is_clean()

    # No answer is never a pass.

    def test_no_rooms(self):
        os.remove(os.path.join(self.root, "ballast", "rooms.txt"))
        self.has_no_answer("rooms.txt: cannot be read")

    def test_rooms_without_a_room(self):
        self.write("rooms.txt", "# nothing\n")
        self.has_no_answer("no room in it")

    def test_a_line_that_means_nothing(self):
        self.write("rooms.txt", ROOMS + "math may include everything\n")
        self.has_no_answer("rooms.txt:9")

    def test_files_that_cannot_be_taken_apart(self):
        for text in ["/* no end", 'const char* a = "no end;', "#include WHICH", 'auto a = R"(no end', "int a; \\"]:
            with self.subTest(text):
                self.write("risk/pnl.cc", text)
                self.has_no_answer("ballast/risk/pnl.cc")

    def test_bytes_that_are_no_text(self):
        with open(os.path.join(self.root, "ballast", "risk", "pnl.cc"), "wb") as file:
            file.write(b"int a;\xff\n")
        self.has_no_answer("not UTF-8")

    def test_a_link(self):
        os.symlink("/", os.path.join(self.root, "ballast", "risk", "world"))
        self.finds("risk/world:1", "a link")


class Ours(unittest.TestCase):
    """The rules on a copy of this very tree, so that a planted fault is caught among our own files too."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="check_rooms_")
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copytree(os.path.join(ROOT, "ballast"), os.path.join(self.root, "ballast"))
        shutil.copytree(os.path.join(ROOT, "tests"), os.path.join(self.root, "tests"))

    def test_a_planted_fault_is_one_finding_more(self):
        _, before, _ = run(self.root)
        with open(os.path.join(self.root, "ballast", "base", "text.cc"), "a", encoding="utf-8") as file:
            file.write("auto started = std::chrono::steady_clock::now();\nauto home = getenv(\"HOME\");\n")
        code, after, err = run(self.root)
        self.assertEqual(code, 1, after + err)
        more = set(after.splitlines()[:-1]) - set(before.splitlines())
        self.assertEqual(sorted(re.sub(r"^.*: ", "", line) for line in more), ["::now", "getenv", "steady_clock"], after)


if __name__ == "__main__":
    unittest.main()
